"""Two frames for each: the frame itself, and its mean with the next one."""

from __future__ import annotations

import numpy as np

from media_ops.algorithm import FrameAlgorithm, FrameParams
from media_ops.frame import Luma, Picture, Window
from media_ops.need import Need


class DoubleRate(FrameAlgorithm):
    """Double the frame rate."""

    version = "1.0.0"
    frames = Luma()
    rate = 2
    Params = FrameParams

    def need(self) -> Need:
        return Need(after=1)

    def process(self, window: Window) -> Picture:
        return [window.picture, ((window[0].astype(np.uint32) + window[1]) // 2).astype(window.picture.dtype)]
