"""A skyline by night: lit windows, stars, a moon; cars pass in the street."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from media_ops.demo_source.canvas import Canvas, Texture, texture
from media_ops.demo_source.shots import Stage
from media_ops.demo_source.shots.figures import car
from media_ops.demo_source.shots.sky import vertical

_LIT = ((1.0, 0.85, 0.5), (1.0, 0.93, 0.75), (0.75, 0.88, 1.0), (1.0, 0.7, 0.35))


class City:
    """A walk along a street."""

    def __init__(self, rng: np.random.Generator, stage: Stage) -> None:
        self.stage, self.unit = stage, stage.height / 720
        self.street = int(stage.height * 0.84) // 4 * 4
        self.night = self._night(rng)
        self.rows = [(self._houses(rng, near), (0.6, 2.0)[near] * self.unit) for near in (0, 1)]
        self.cars = [
            (rng.uniform(0, 1), rng.choice([-1, 1]), rng.uniform(4, 11), rng.uniform(0, 1)) for _ in range(6)
        ]
        self.cars.sort(key=lambda car: float(car[1]))

    def draw(self, canvas: Canvas, n: int) -> None:
        """Paint from the stars down to the street."""
        width, height, unit = self.stage.width, self.stage.height, self.unit
        canvas.paste(self.night, 0)
        for houses, speed in self.rows:
            canvas.paste(houses, int(n * speed), self.street - houses.y.shape[0])
        for start, way, speed, body in self.cars:
            size, lane = (46, 0.90) if way < 0 else (58, 0.965)
            run = width + 400 * unit
            x = (start * run + way * n * speed * unit) % run - 200 * unit
            car(canvas, x, height * lane, size * unit, int(way), body)

    def _night(self, rng: np.random.Generator) -> Texture:
        width, height = self.stage.width, self.stage.height
        picture = vertical((0.015, 0.02, 0.07), (0.30, 0.16, 0.24), height, width)
        for _ in range(220):
            x, y = int(rng.integers(width)), int(rng.integers(int(height * 0.5)))
            picture[y, x] += rng.uniform(0.2, 0.8)
        rows, columns = np.mgrid[:height, :width].astype(np.float32)
        distance = np.hypot(columns - width * 0.78, rows - height * 0.2) / height
        picture += (np.clip((0.055 - distance) * 150, 0, 1) * 0.85 + 0.25 * np.exp(-distance * 9))[..., None]
        street = picture[self.street :]
        street[:] = (0.075, 0.075, 0.09)
        street *= 1 + 0.25 * rng.random((*street.shape[:2], 1), np.float32)
        middle = int(street.shape[0] * 0.52)
        street[middle : middle + max(1, height // 240)] = (0.35, 0.33, 0.26)
        return texture(picture)

    def _houses(self, rng: np.random.Generator, near: int) -> Texture:
        speed, unit = (0.6, 2.0)[near], self.unit
        width = (self.stage.width + int((self.stage.length + self.stage.rate) * speed * unit) + 4) // 2 * 2
        tall = int(self.stage.height * (0.62, 0.5)[near]) // 4 * 4
        picture, mask = np.zeros((tall, width, 3), np.float32), np.zeros((tall, width), np.uint8)
        left = 0
        while left < width:
            right = min(width, left + int(rng.integers(60, 150) * unit) // 2 * 2 + 2)
            roof = int(tall * rng.uniform(0.02, 0.62)) // 2 * 2
            mask[roof:, left:right] = 255
            self._house(rng, picture[roof:, left:right], near)
            left = right
        return texture(picture, mask)

    def _house(self, rng: np.random.Generator, wall: npt.NDArray[np.float32], near: int) -> None:
        wall[:] = np.array((0.10, 0.09, 0.15)) * (1.3 - 0.55 * near) * rng.uniform(0.75, 1.25)
        step = max(4, round(rng.integers(13, 20) * self.unit))
        pane, warm = max(2, step // 2), _LIT[int(rng.integers(len(_LIT)))]
        for row in range(step, wall.shape[0] - pane, step):
            for column in range(pane, wall.shape[1] - pane, step):
                if rng.random() < 0.42:
                    wall[row : row + pane, column : column + pane] = (
                        np.array(warm) * rng.uniform(0.35, 1) * (0.6 + 0.4 * near)
                    )
