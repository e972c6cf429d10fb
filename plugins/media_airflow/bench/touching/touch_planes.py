"""For `make bench`: every sample of the source's planes is changed by as little work as possible."""

from __future__ import annotations

import numpy as np

from media_ops.algorithm import FrameAlgorithm, FrameParams
from media_ops.frame import Picture, Planes, Window


class TouchPlanes(FrameAlgorithm):
    """Change the last bit of every sample."""

    version = "1.0.0"
    frames = Planes()
    Params = FrameParams

    def process(self, window: Window) -> Picture:
        return [np.bitwise_xor(plane, plane.dtype.type(1)) for plane in window.picture]
