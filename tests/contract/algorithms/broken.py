"""Does everything wrong that an algorithm can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from media_ops.algorithm import FrameAlgorithm, FrameParams
from media_ops.frame import Rgb, Window


class Broken(FrameAlgorithm):
    """Break a promise."""

    version = "1.0.0"
    frames = Rgb(bits=8)

    class Params(FrameParams):
        how: Literal["shape", "size", "dtype", "nan", "nothing", "raises", "writes", "list"] = "raises"

    def process(self, window: Window) -> Any:
        picture = window.picture
        if window.rank < 5:
            return picture
        if self.params.how == "writes":
            picture[0, 0] = 0
        wrong: dict[str, Callable[[], Any]] = {
            "shape": lambda: picture[:, :, 0],
            "size": lambda: picture[2:],
            "dtype": lambda: picture.astype(np.float32),
            "nan": lambda: np.full(picture.shape, np.nan),
            "nothing": lambda: None,
            "raises": lambda: 1 // 0,
            "writes": lambda: picture,
            "list": lambda: [picture],
        }
        return wrong[self.params.how]()
