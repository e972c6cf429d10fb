"""Works on chunks of seven frames, as generative models do: what it makes depends on where chunks begin."""

from __future__ import annotations

import numpy as np

from media_ops.algorithm import FrameAlgorithm, FrameParams
from media_ops.frame import Luma, Picture, Window
from media_ops.need import Need


class Chunked(FrameAlgorithm):
    """Let seven frames show the first of them."""

    version = "1.0.0"
    frames = Luma()
    exactness = "blended"
    Params = FrameParams

    def need(self) -> Need:
        return Need(after=6, length=(7, 0), crossfade=6)

    def process(self, window: Window) -> Picture:
        if window.position % 7 == 0:
            first = window[0].astype(np.float32)
            self.chunk = [np.rint((window[offset] + first) / 2).astype(np.uint8) for offset in range(7)]
        return self.chunk[window.position % 7]
