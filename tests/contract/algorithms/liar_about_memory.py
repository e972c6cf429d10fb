"""Promises that four frames of warm-up are enough for a long memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from media_ops.algorithm import FrameAlgorithm, FrameParams
from media_ops.frame import Film, Luma, Picture, Window
from media_ops.need import Need


class LiarAboutMemory(FrameAlgorithm):
    """Say a short memory, have a long one."""

    version = "1.0.0"
    frames = Luma()
    exactness = "converging"
    Params = FrameParams

    def setup(self, film: Film) -> None:
        self.memory: Any = None

    def need(self) -> Need:
        return Need(warm_up=4)

    def process(self, window: Window) -> Picture:
        here = window.picture.astype(np.float32)
        self.memory = here if self.memory is None else 0.9 * self.memory + 0.1 * here
        return np.rint(self.memory).astype(window.picture.dtype)
