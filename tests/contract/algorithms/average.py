"""An honest window: the mean of five frames."""

from __future__ import annotations

import numpy as np

from media_ops.algorithm import FrameAlgorithm, FrameParams
from media_ops.frame import Picture, Window
from media_ops.need import Need


class Average(FrameAlgorithm):
    """Average five frames."""

    version = "1.0.0"
    Params = FrameParams

    def need(self) -> Need:
        return Need(before=2, after=2)

    def process(self, window: Window) -> Picture:
        planes = zip(*(window[offset] for offset in range(-2, 3)), strict=True)
        return [np.rint(np.mean(same, axis=0)).astype(same[0].dtype) for same in planes]
