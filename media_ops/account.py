"""What a plain decode of a file has seen: the nouns of the verb `witness`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from media_ops.model import Metrics, Noun


class WitnessRequest(Noun):
    """Decode `path` from its first packet to its last; store PTS and digest of every frame under `key`.

    A film of more than `most_megapixels` is cut off behind its first `first_frames` frames. None: never.
    """

    path: str
    store: str
    key: str
    first_frames: int = 600
    most_megapixels: float | None = None


class Sound(Noun):
    """A sound track: seconds of its first sample and of its end as fractions, None where nothing is heard."""

    index: int
    codec: str
    block: str = "0"
    start: str | None = None
    end: str | None = None
    length: str | None = None


class Account(Noun):
    """What is in a file. `refused` says why it could not be opened, or has no video; the rest is empty then.

    Numbers of `colour` are code points: primaries, transfer, matrix, range. `side_data` holds what the first frame
    carries, in words that do not depend on how it was written.
    """

    look: Literal["picture", "animation", "video", "other"] = Field(description="What the first bytes look like.")
    refused: str | None = None
    container: str = ""
    codec: str = ""
    sounds_only: bool = False
    time_base: str = "1"
    step: str = Field("0", description="Seconds from frame to frame at the stream's nominal rate.")
    width: int = 0
    height: int = 0
    pixel_format: str = ""
    colour: tuple[int, int, int, int] = (2, 2, 2, 0)
    colour_by_container: tuple[int, int, int, int] = (2, 2, 2, 0)
    rgb: bool = False
    sample_aspect: str = "1"
    display_matrix: tuple[int, ...] | None = None
    side_data: dict[str, str] = Field(default_factory=dict)
    frames: int = 0
    packets: int = 0
    frames_beside: int = Field(0, description="Frames of the longest other video stream, by the container's word.")
    dts_span: int | None = Field(None, description="Ticks from the first packet's DTS to the last one's.")
    cut_off: bool = False
    faults: int = Field(0, description="Packets that gave an error instead of a picture.")
    first_fault: str | None = None
    sounds: list[Sound] = Field(default_factory=list)
    deaf: str | None = Field(None, description="Why the sound could not be looked at.")
    metrics: Metrics = Metrics()
