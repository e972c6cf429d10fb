"""Open water under a low sun: two swells cross each other in perspective, boats pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from media_ops.demo_source.canvas import Canvas, Plane, texture
from media_ops.demo_source.noise import fractal
from media_ops.demo_source.shots import Stage
from media_ops.demo_source.shots.figures import bird, boat
from media_ops.demo_source.shots.sky import HOURS, sky, vertical

if TYPE_CHECKING:
    from cv2.typing import MatLike

_CALM = np.array([96], np.float64)


class Sea:
    """A view from the shore."""

    def __init__(self, rng: np.random.Generator, stage: Stage) -> None:
        self.stage, self.unit = stage, stage.height / 720
        width, height = stage.width, stage.height
        hour = HOURS[int(rng.integers(len(HOURS)))]
        self.horizon = int(height * 0.46) // 4 * 4
        sun = (width * rng.uniform(0.25, 0.75), self.horizon * 0.66)
        self.sky = sky(
            rng, hour, self.horizon, width + int((stage.length + stage.rate) * 0.5 * self.unit + 4) // 2 * 2, sun
        )
        depth = height - self.horizon
        far, near = (tuple(0.75 * c for c in hour.horizon), tuple(0.35 * c for c in hour.zenith))
        self.water = texture(vertical(far, near, depth, width))  # type: ignore[arg-type]
        side = max(64, height // 2)
        self.swells = [_swell(rng, side) for _ in range(2)]
        self.seen = _perspective(width, depth, 2 * side)
        rows, columns = np.mgrid[:depth, : self.sky.y.shape[1]].astype(np.float32)
        path = np.exp(-(((columns - sun[0]) / (width * (0.03 + 0.12 * rows / depth))) ** 2))
        self.gain = np.asarray(0.35 + 0.2 * rows / depth + 1.1 * path, np.float32)
        self.boats = [(rng.uniform(0, 1), rng.uniform(0.08, 0.5), rng.choice([-1, 1])) for _ in range(3)]
        self.boats.sort(key=lambda boat: boat[1])

    def draw(self, canvas: Canvas, n: int) -> None:
        """Paint sky, water, boats."""
        import cv2

        seconds, drift = n / self.stage.rate, int(n * 0.5 * self.unit)
        canvas.paste(self.sky, drift)
        canvas.paste(self.water, 0, self.horizon)
        first = self._waves(0, 0.022 * seconds, 0.05 * seconds)
        second = self._waves(1, -0.031 * seconds, 0.034 * seconds)
        crests = cv2.subtract(cv2.multiply(first, second, scale=1 / 128), _CALM)
        glints = cv2.multiply(crests, self.gain[:, drift : drift + self.stage.width], dtype=cv2.CV_8U)
        place = canvas.y[self.horizon :]
        cv2.add(place, glints, place)
        for start, nearness, way in self.boats:
            size = (14 + 90 * nearness) * self.unit
            run = self.stage.width * 1.3
            x = (start * run + way * seconds * size * 0.9) % run - self.stage.width * 0.15
            y = (
                self.horizon
                + nearness * 0.5 * (self.stage.height - self.horizon)
                + size * 0.07 * np.sin(seconds * 1.7 + start * 9)
            )
            boat(canvas, x, y, size, 0.09 * np.sin(seconds * 1.3 + start * 7))
        for number in range(3):
            x = (seconds * 70 * self.unit + number * 60 * self.unit) % (self.stage.width * 1.2)
            bird(canvas, x, self.horizon * (0.3 + 0.08 * number), 12 * self.unit, seconds * (7 + number))

    def _waves(self, number: int, across: float, along: float) -> Plane:
        """Look at a swell in perspective, moved by shares of its side."""
        import cv2

        swell = self.swells[number]
        side = swell.shape[0] // 2
        top, left = int(along % 1 * side), int(across % 1 * side)
        piece = swell[top : top + side + 1, left : left + side + 1]
        return np.asarray(cv2.remap(piece, *self.seen, cv2.INTER_LINEAR), np.uint8)


def _swell(rng: np.random.Generator, side: int) -> Plane:
    """Give waves without a seam, twice the seamless piece in each direction, so that any part of it can be cut."""
    waves = fractal(rng, side, side, side / 8, stretch=2.6, falloff=0.6)
    half = np.concatenate([waves, waves[::-1]], 0)
    seamless = np.concatenate([half, half[:, ::-1]], 1)
    return np.ascontiguousarray(np.tile(seamless, (2, 2)) * 255, np.uint8)


def _perspective(width: int, depth: int, side: int) -> tuple[MatLike, MatLike]:
    """Say for each pixel below the horizon which place of the seamless piece is seen there."""
    import cv2

    rows, columns = np.mgrid[:depth, :width].astype(np.float32)
    far = rows + depth * 0.06
    x, y = 0.55 * (columns - width / 2) / far, 0.9 * depth / far
    return cv2.convertMaps((x % 1 * side).astype(np.float32), (y % 1 * side).astype(np.float32), cv2.CV_16SC2)
