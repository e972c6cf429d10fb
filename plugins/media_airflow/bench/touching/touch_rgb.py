"""For `make bench`: every pixel is changed in red, green and blue, by as little work as possible."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from media_ops.algorithm import FrameAlgorithm, FrameParams
from media_ops.frame import Picture, Rgb, Window


class TouchRgb(FrameAlgorithm):
    """Change every pixel."""

    version = "1.0.0"
    frames = Rgb()

    class Params(FrameParams):
        negative: bool = Field(
            False, description="As much as can be; colours that RGB cannot show are looked after, too."
        )

    def process(self, window: Window) -> Picture:
        shown = window.picture
        return np.bitwise_not(shown) if self.params.negative else np.bitwise_xor(shown, shown.dtype.type(1))
