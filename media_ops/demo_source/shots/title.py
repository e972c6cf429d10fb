"""A card that does not move at all: nothing but its frame counter changes."""

from __future__ import annotations

import numpy as np

from media_ops.demo_source.canvas import Canvas, colour, texture
from media_ops.demo_source.noise import fractal
from media_ops.demo_source.shots import Stage
from media_ops.demo_source.shots.sky import vertical


class Title:
    """The film's first seconds."""

    def __init__(self, rng: np.random.Generator, stage: Stage) -> None:
        width, height = stage.width, stage.height
        self.card = Canvas(width, height)
        paper = vertical((0.05, 0.09, 0.16), (0.10, 0.22, 0.30), height, width)
        paper *= (0.8 + 0.4 * fractal(rng, height, width, height / 3))[..., None]
        self.card.paste(texture(paper), 0)
        amber, pale = colour(0.98, 0.72, 0.25), colour(0.92, 0.94, 0.96)
        left = width * 0.12
        strip = [
            (left, height * 0.30),
            (width * 0.88, height * 0.30),
            (width * 0.88, height * 0.305),
            (left, height * 0.305),
        ]
        self.card.polygon(strip, amber)
        self.card.text("media-ops", left, height * 0.45, height * 0.085, pale)
        self.card.text("every frame at its own time", left, height * 0.55, height * 0.036, amber)
        self.card.text("a film to cut, process side by side and join", left, height * 0.64, height * 0.028, pale)

    def draw(self, canvas: Canvas, n: int) -> None:
        """Show the card."""
        canvas.buffer[:] = self.card.buffer
