"""Works on chunks of seven frames, as generative models do: what it makes depends on where chunks begin."""

from __future__ import annotations

from typing import Any

import numpy as np

from media_ops.algorithm import FrameAlgorithm, FrameParams
from media_ops.frame import Luma, Picture, Window
from media_ops.need import Need


class Chunked(FrameAlgorithm):
    """Give seven frames one brightness."""

    version = "1.0.0"
    frames = Luma()
    exactness = "blended"
    Params = FrameParams

    def need(self) -> Need:
        return Need(after=6, length=(7, 0), crossfade=6)

    def process(self, window: Window) -> Picture:
        if window.position % 7 == 0:
            chunk: list[Any] = [window[offset].astype(np.float32) for offset in range(7)]
            mean = np.mean([picture.mean() for picture in chunk])
            self.chunk = [np.clip(np.rint(p - p.mean() + mean), 0, 255).astype(np.uint8) for p in chunk]
        return self.chunk[window.position % 7]
