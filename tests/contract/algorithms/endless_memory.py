"""The mean of everything before."""

from __future__ import annotations

from typing import Any

import numpy as np

from media_ops.algorithm import FrameAlgorithm, FrameParams
from media_ops.frame import Film, Luma, Picture, Window
from media_ops.need import Need


class EndlessMemory(FrameAlgorithm):
    """Show the mean of all frames so far."""

    version = "1.0.0"
    frames = Luma()
    Params = FrameParams

    def setup(self, film: Film) -> None:
        self.sum: Any = 0

    def need(self) -> Need:
        return Need(unbounded=True)

    def process(self, window: Window) -> Picture:
        self.sum = self.sum + window.picture.astype(np.uint64)
        return (self.sum // (window.position + 1)).astype(window.picture.dtype)
