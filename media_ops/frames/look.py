"""What only a decoded frame tells of a stream."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from av.error import FFmpegError
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame

from media_ops.frames.index import PROGRESSIVE
from media_ops.frames.light import Light, light_of
from media_ops.frames.source import only_video, open_media

DisplayMatrix = tuple[int, ...]
Colour = tuple[int, int, int, int]
_SAYS_NOTHING = (2, 2, 2, 0)
# What no encoder or container of ours is sure to keep, in the words of a warning.
_EXTRAS = {
    Type.DYNAMIC_HDR_PLUS: "HDR10+ dynamic metadata",
    Type.DOVI_RPU_BUFFER: "Dolby Vision metadata",
    Type.DOVI_METADATA: "Dolby Vision metadata",
    Type.DYNAMIC_HDR_VIVID: "HDR Vivid dynamic metadata",
    Type.AMBIENT_VIEWING_ENVIRONMENT: "the ambient viewing environment",
    Type.A53_CC: "closed captions",
    Type.AFD: "the active format description",
    Type.STEREO3D: "the stereoscopic arrangement",
    Type.SPHERICAL: "the spherical mapping",
    Type.ICC_PROFILE: "the ICC profile",
    Type.S12M_TIMECODE: "time codes of pictures",
}


@dataclass(frozen=True)
class Look:
    """The first frame, if there is one, and the order of fields as FFmpeg numbers it: 0 is not known."""

    frame: VideoFrame | None
    field_order: int = 0
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def interlaced(self) -> bool:
        """Whether a picture holds two moments."""
        return self.field_order > PROGRESSIVE or (self.frame is not None and self.frame.interlaced_frame)

    @property
    def light(self) -> Light:
        """HDR10 static metadata, of the stream or of the container."""
        return light_of(side_data(self.frame))

    @property
    def extras(self) -> tuple[str, ...]:
        """What else comes with the picture, in words, each once."""
        found = side_data(self.frame)
        said = [words for kind, words in _EXTRAS.items() if kind in found]
        if Type.MASTERING_DISPLAY_METADATA in found and not self.light.display:
            said.append("an incomplete description of the mastering display")
        if self.tags.get("alpha_mode") == "1" and self.frame and not self.frame.format.name.startswith("yuva"):
            said.append("the alpha channel")  # it lies beside the pictures, where the decoder does not look
        return tuple(dict.fromkeys(said))


def look(path: str | Path) -> Look:
    """Decode the first frame."""
    with open_media(path) as container:
        video = only_video(container)
        try:
            frame = next(iter(container.decode(video)), None)
        except FFmpegError:
            frame = None
        return Look(frame, int(video.codec_context.field_order), dict(video.metadata))


def first_frame(path: str | Path) -> VideoFrame | None:
    """Decode the first frame; None where there is none that can be decoded."""
    return look(path).frame


def side_data(frame: VideoFrame | None) -> dict[Type, Any]:
    """Give a frame's side data by kind."""
    return {data.type: data for data in frame.side_data} if frame is not None else {}  # type: ignore[attr-defined]


def _named_by_number(kind: type[Type], value: int) -> Type:
    member = object.__new__(kind)
    member._name_, member._value_ = f"KIND_{value}", value  # type: ignore[assignment]
    return member


# PyAV 18 lists no side data at all where one kind is newer than its enumeration: EXIF, views of MV-HEVC.
Type._missing_ = classmethod(_named_by_number)  # type: ignore[assignment,method-assign]


def display_matrix(frame: VideoFrame | None) -> DisplayMatrix | None:
    """Give the nine numbers that say how to turn and mirror (ISO/IEC 14496-12, 8.3.2); None where there are none."""
    found = side_data(frame).get(Type.DISPLAYMATRIX)
    return struct.unpack("<9i", bytes(found)[:36]) if found is not None else None


def colour_of(frame: VideoFrame | None, stream: Colour) -> Colour:
    """Complete the stream's tags by the frame's: VP8's matrix, for one, is a matter of the codec, not of a header."""
    if frame is None:
        return stream
    own = (int(frame.color_primaries), int(frame.color_trc), int(frame.colorspace), int(frame.color_range))
    primaries, transfer, matrix, range_ = (
        seen if said == nothing else said for said, seen, nothing in zip(stream, own, _SAYS_NOTHING, strict=True)
    )
    return primaries, transfer, matrix, range_
