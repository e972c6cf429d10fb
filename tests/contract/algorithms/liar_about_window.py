"""Promises to be exact with one neighbour, and looks at all it ever saw."""

from __future__ import annotations

from typing import Any

import numpy as np

from media_ops.algorithm import FrameAlgorithm, FrameParams
from media_ops.frame import Film, Luma, Picture, Window
from media_ops.need import Need


class LiarAboutWindow(FrameAlgorithm):
    """Say one neighbour, use them all."""

    version = "1.0.0"
    frames = Luma()
    Params = FrameParams

    def setup(self, film: Film) -> None:
        self.memory: Any = None

    def need(self) -> Need:
        return Need(before=1)

    def process(self, window: Window) -> Picture:
        here = window.picture.astype(np.float32)
        self.memory = here if self.memory is None else 0.9 * self.memory + 0.1 * here
        return np.rint(self.memory).astype(window.picture.dtype)
