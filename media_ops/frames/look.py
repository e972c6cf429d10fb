"""What only a decoded frame tells of a stream."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from av.error import FFmpegError
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame

from media_ops.frames.source import only_video, open_media

DisplayMatrix = tuple[int, ...]
Colour = tuple[int, int, int, int]
_SAYS_NOTHING = (2, 2, 2, 0)


def first_frame(path: str | Path) -> VideoFrame | None:
    """Decode the first frame; None where there is none that can be decoded."""
    with open_media(path) as container:
        try:
            return next(iter(container.decode(only_video(container))), None)
        except FFmpegError:
            return None


def display_matrix(frame: VideoFrame | None) -> DisplayMatrix | None:
    """Give the nine numbers that say how to turn and mirror (ISO/IEC 14496-12, 8.3.2); None where there are none."""
    side_data: Any = frame.side_data if frame is not None else {}
    found = side_data.get(Type.DISPLAYMATRIX)
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
