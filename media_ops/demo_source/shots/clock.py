"""A test card: bars, a hand that goes round once a second, a ball, a flash on each full second."""

from __future__ import annotations

import numpy as np

from media_ops.demo_source.canvas import Canvas, colour
from media_ops.demo_source.shots import Stage

_BARS = (
    (0.75, 0.75, 0.75),
    (0.75, 0.75, 0),
    (0, 0.75, 0.75),
    (0, 0.75, 0),
    (0.75, 0, 0.75),
    (0.75, 0, 0),
    (0, 0, 0.75),
)
FLASH = 0.1  # seconds; the sound beeps as long


class Clock:
    """Lets eye and ear judge whether picture and sound are in step."""

    def __init__(self, rng: np.random.Generator, stage: Stage) -> None:
        self.stage = stage
        self.card = Canvas(stage.width, stage.height)
        width, height = stage.width, stage.height
        self.card.polygon([(0, 0), (width, 0), (width, height), (0, height)], colour(0.16, 0.17, 0.19))
        for number, bar in enumerate(_BARS):
            left, right = width * number / 7, width * (number + 1) / 7
            self.card.polygon([(left, 0), (right, 0), (right, height * 0.16), (left, height * 0.16)], colour(*bar))
        for number in range(1, 16):
            x, y = width * number / 16, height * 0.16 + height * 0.84 * number / 16
            self.card.line([(x, height * 0.16), (x, height)], colour(0.22, 0.23, 0.25))
            self.card.line([(0, y), (width, y)], colour(0.22, 0.23, 0.25))
        self.centre, self.radius = (width * 0.36, height * 0.55), height * 0.3
        self.card.ellipse(self.centre, (self.radius * 1.06, self.radius * 1.06), colour(0.85, 0.86, 0.88))
        self.card.ellipse(self.centre, (self.radius, self.radius), colour(0.08, 0.09, 0.11))
        for tick in range(stage.rate):
            long = 0.8 if tick % 5 == 0 else 0.9
            self.card.line([self._rim(tick, long), self._rim(tick, 0.97)], colour(0.7, 0.72, 0.75), height / 240)

    def draw(self, canvas: Canvas, n: int) -> None:
        """Turn the hand, bounce the ball, flash."""
        height, rate = self.stage.height, self.stage.rate
        canvas.buffer[:] = self.card.buffer
        canvas.line([self.centre, self._rim(n, 0.86)], colour(0.98, 0.72, 0.25), height / 72)
        canvas.ellipse(self.centre, (height * 0.015, height * 0.015), colour(0.98, 0.72, 0.25))
        phase = (n % rate) / rate
        drop = 4 * phase * (1 - phase)
        canvas.ellipse(
            (self.stage.width * 0.78, height * (0.8 - 0.4 * drop)),
            (height * 0.05, height * 0.05),
            colour(0.9, 0.25, 0.2),
        )
        if phase < FLASH:
            left, right, top, bottom = self.stage.width * 0.66, self.stage.width * 0.9, height * 0.84, height * 0.87
            canvas.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], colour(1, 1, 1))

    def _rim(self, tick: float, reach: float) -> tuple[float, float]:
        angle = 2 * np.pi * tick / self.stage.rate
        x, y = (
            self.centre[0] + self.radius * reach * np.sin(angle),
            self.centre[1] - self.radius * reach * np.cos(angle),
        )
        return float(x), float(y)
