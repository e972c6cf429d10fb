"""How a player is told to turn and mirror the picture."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from av.error import FFmpegError
from av.sidedata.sidedata import Type

from media_ops.frames.source import only_video, open_media

DisplayMatrix = tuple[int, ...]


def display_matrix(path: str | Path) -> DisplayMatrix | None:
    """Give the nine numbers of the first frame's display matrix (ISO/IEC 14496-12, 8.3.2); None without one."""
    with open_media(path) as container:
        try:
            frame = next(iter(container.decode(only_video(container))), None)
        except FFmpegError:
            return None
        side_data: Any = frame.side_data if frame is not None else {}
        found = side_data.get(Type.DISPLAYMATRIX)
        return struct.unpack("<9i", bytes(found)[:36]) if found is not None else None
