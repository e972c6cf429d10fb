"""Looks at the whole film in one go."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from media_ops.algorithm import FrameAlgorithm, FrameParams
from media_ops.frame import Artefact, Film, Luma, Moment, Picture, Window


class Normalise(FrameAlgorithm):
    """Stretch luma to what the film uses."""

    version = "1.0.0"
    frames = Luma()
    Params = FrameParams

    def analyse(self, film: Film, moments: Iterable[Moment]) -> Artefact:
        extremes = [(moment.picture.min(), moment.picture.max()) for moment in moments]
        return {
            "least": np.array(min(low for low, _ in extremes)),
            "most": np.array(max(high for _, high in extremes)),
        }

    def setup(self, film: Film) -> None:
        self.least, self.most = int(film.artefact["least"]), int(film.artefact["most"])

    def process(self, window: Window) -> Picture:
        share = (window.picture.astype(np.float64) - self.least) / max(1, self.most - self.least)
        return np.rint(16 + 219 * share).astype(window.picture.dtype)
