"""Twice as wide and high, by repetition."""

from __future__ import annotations

from media_ops.algorithm import FrameAlgorithm, FrameParams
from media_ops.frame import Picture, Rgb, Window


class Enlarge(FrameAlgorithm):
    """Double width and height."""

    version = "1.0.0"
    frames = Rgb()
    Params = FrameParams

    def geometry(self, width: int, height: int) -> tuple[int, int]:
        return 2 * width, 2 * height

    def process(self, window: Window) -> Picture:
        return window.picture.repeat(2, 0).repeat(2, 1)
