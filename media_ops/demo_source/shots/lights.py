"""Lights out of focus, drifting and breathing."""

from __future__ import annotations

import numpy as np

from media_ops.demo_source.canvas import Canvas, Plane, colour, texture
from media_ops.demo_source.noise import fractal
from media_ops.demo_source.shots import Stage
from media_ops.demo_source.shots.sky import vertical

_TINTS = ((1.0, 0.55, 0.2), (1.0, 0.8, 0.4), (0.35, 0.65, 1.0), (0.95, 0.3, 0.45), (0.45, 0.95, 0.7))


class Lights:
    """A camera that looks at nothing in particular."""

    def __init__(self, rng: np.random.Generator, stage: Stage) -> None:
        self.stage, self.unit = stage, stage.height / 720
        room = vertical((0.03, 0.03, 0.08), (0.12, 0.06, 0.10), stage.height, stage.width)
        room *= (0.5 + fractal(rng, stage.height, stage.width, stage.height / 2))[..., None]
        self.room = texture(room)
        self.lights = [self._light(rng) for _ in range(34)]

    def draw(self, canvas: Canvas, n: int) -> None:
        """Add the lights to the room."""
        canvas.paste(self.room, 0)
        seconds = n / self.stage.rate
        for disc, paint, x, y, dx, dy, beat in self.lights:
            glow = 0.65 + 0.35 * np.sin(seconds * beat + x)
            radius = disc.shape[0] / 2
            left = (x + dx * seconds) % (self.stage.width + 4 * radius) - 3 * radius
            top = (y + dy * seconds + 6 * np.sin(seconds * beat * 0.7)) % (
                self.stage.height + 4 * radius
            ) - 3 * radius
            _add(canvas, disc, int(left), int(top), paint, glow)

    def _light(
        self, rng: np.random.Generator
    ) -> tuple[Plane, tuple[int, int, int], float, float, float, float, float]:
        radius = max(4, int(rng.uniform(18, 78) * self.unit)) // 2 * 2
        rows, columns = np.mgrid[-radius:radius, -radius:radius] + 0.5
        reach = np.hypot(rows, columns) / radius
        disc = np.clip((1 - reach) * radius / 3, 0, 1) * (0.55 + 0.45 * reach**3)
        tint = _TINTS[int(rng.integers(len(_TINTS)))]
        paint = colour(*(c * 0.55 for c in tint))
        x, y = rng.uniform(0, self.stage.width), rng.uniform(0, self.stage.height)
        speed = rng.uniform(8, 60) * self.unit
        way = rng.uniform(0, 6.28)
        drift = (speed * np.cos(way), speed * np.sin(way) * 0.5)
        return (disc * 255).astype(np.uint8), paint, x, y, *drift, rng.uniform(0.5, 2.2)


def _add(canvas: Canvas, disc: Plane, left: int, top: int, paint: tuple[int, int, int], glow: float) -> None:
    import cv2

    left, top = left // 2 * 2, top // 2 * 2
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(canvas.width, left + disc.shape[1]), min(canvas.height, top + disc.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    shape = disc[y0 - top : y1 - top, x0 - left : x1 - left]
    place = canvas.y[y0:y1, x0:x1]
    place[:] = cv2.addWeighted(place, 1, shape, (paint[0] - 16) * glow / 255, 0)
    small = shape[::2, ::2]
    for plane, value in ((canvas.cb, paint[1]), (canvas.cr, paint[2])):
        half = plane[y0 // 2 : y1 // 2, x0 // 2 : x1 // 2]
        half[:] = cv2.addWeighted(half, 1, small, (value - 128) * glow / 255, 0)
