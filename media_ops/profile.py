"""What a source is, for people and for choosing settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from media_ops.model import Colour, Noun


class StreamProfile(Noun):
    """One stream as ffprobe describes it."""

    index: int
    kind: Literal["video", "audio", "subtitle", "data", "attachment"]
    codec: str | None = None
    profile: str | None = None
    language: str | None = None
    title: str | None = None
    bit_rate: int | None = None
    duration: float | None = None
    attached_picture: bool = False
    # video
    width: int | None = None
    height: int | None = None
    pixel_format: str | None = None
    colour: Colour | None = None
    sample_aspect_ratio: str | None = None
    rotation: int = 0
    field_order: str | None = None
    frame_rate: str | None = None
    time_base: str | None = None
    # audio
    sample_rate: int | None = None
    channels: int | None = None
    channel_layout: str | None = None


class Profile(Noun):
    """What a source is, for people and for choosing settings; no decision about time rests on it."""

    source: str
    container: str
    size: int
    duration: float | None = None
    bit_rate: int | None = None
    streams: list[StreamProfile]
    chapters: int = 0
    tags: dict[str, str] = Field({})
    anomalies: list[str] = Field([])

    @property
    def video(self) -> StreamProfile | None:
        """The first video stream that is not a cover picture."""
        return next((s for s in self.streams if s.kind == "video" and not s.attached_picture), None)

    @property
    def has_audio(self) -> bool:
        """Whether there is any sound to carry over."""
        return any(s.kind == "audio" for s in self.streams)
