"""Samples of a frame's planes, as arrays that look into its memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray


def samples(frame: VideoFrame, number: int) -> NDArray[Any]:
    """Visible samples of a plane, [height, width]; those of packed formats lie side by side."""
    plane = frame.planes[number]
    kind = np.dtype(np.uint16 if max(component.bits for component in frame.format.components) > 8 else np.uint8)
    lines = np.frombuffer(memoryview(plane), kind).reshape(plane.height, -1)
    side_by_side = sum(component.plane == number for component in frame.format.components)
    return lines[:, : plane.width * side_by_side]
