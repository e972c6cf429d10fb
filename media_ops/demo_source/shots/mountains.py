"""Ranges one behind the other, passing at different speeds, with birds and a balloon."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from media_ops.demo_source.canvas import Canvas, Real, Texture, texture
from media_ops.demo_source.noise import fractal
from media_ops.demo_source.shots import Stage
from media_ops.demo_source.shots.figures import balloon, bird
from media_ops.demo_source.shots.sky import HOURS, Hour, sky


class Range(NamedTuple):
    """One range of mountains as a band across the frame."""

    picture: Texture
    top: int
    speed: float


class Mountains:
    """A slow drive along a mountain range."""

    def __init__(self, rng: np.random.Generator, stage: Stage) -> None:
        self.stage, self.unit = stage, stage.height / 720
        hour = HOURS[int(rng.integers(len(HOURS)))]
        horizon = int(stage.height * 0.8) // 2 * 2
        sun = (stage.width * rng.uniform(0.15, 0.85), stage.height * rng.uniform(0.12, 0.3))
        self.sky = sky(rng, hour, horizon, self._wide(0.34), sun)
        self.ranges = [self._range(rng, hour, depth) for depth in range(4)]
        self.birds = [(rng.uniform(0, 1), rng.uniform(0.1, 0.4), rng.uniform(1.5, 4)) for _ in range(7)]
        self.balloon = (rng.uniform(0.2, 0.8), rng.uniform(0.25, 0.4))

    def draw(self, canvas: Canvas, n: int) -> None:
        """Paint from far to near."""
        width, height = self.stage.width, self.stage.height
        canvas.paste(self.sky, int(n * 0.34 * self.unit))
        for depth, band in enumerate(self.ranges):
            if depth == 2:
                x = width * self.balloon[0] - n * 0.9 * self.unit
                y = height * self.balloon[1] + 14 * self.unit * np.sin(n / 37) - n * 0.1 * self.unit
                balloon(canvas, x, y, 46 * self.unit)
            canvas.paste(band.picture, int(n * band.speed), band.top)
        for place, altitude, speed in self.birds:
            x = (place * width + n * speed * self.unit) % (width * 1.1) - width * 0.05
            bird(canvas, x, height * altitude + 9 * np.sin(n / 19 + place * 9), 13 * self.unit, n / 4 + place * 20)

    def _wide(self, speed: float) -> int:
        return (self.stage.width + int((self.stage.length + self.stage.rate) * speed * self.unit) + 4) // 2 * 2

    def _range(self, rng: np.random.Generator, hour: Hour, depth: int) -> Range:
        height, speed = self.stage.height, (0.5, 1.0, 2.0, 4.0)[depth]
        width = self._wide(speed)
        top = int(height * (0.30, 0.42, 0.56, 0.72)[depth]) // 4 * 4
        rise = height * (0.34, 0.28, 0.22, 0.14)[depth]
        profile = fractal(rng, 2, width, rise * (1.6, 1.4, 1.2, 1.0)[depth], falloff=0.46)[0] * rise
        if depth == 3:
            profile -= _firs(rng, width, height * 0.075)
        picture = self._slope(rng, hour, depth, width, height - top)
        rows = np.arange(height - top, dtype=np.float32)[:, None]
        mask = np.where(rows >= np.maximum(profile - profile.min(), 0), 255, 0).astype(np.uint8)
        return Range(texture(picture, mask), top, speed * self.unit)

    def _slope(self, rng: np.random.Generator, hour: Hour, depth: int, width: int, height: int) -> Real:
        relief = fractal(rng, height, width, height / 2.5, falloff=0.54)
        light = np.clip(0.66 + np.gradient(relief, axis=1) * (26 + 8 * depth) * self.unit, 0.3, 1.4)
        near = (0.16, 0.42, 0.74, 1.0)[depth]
        haze, ground = np.array(hour.horizon, np.float32), np.array(hour.ground, np.float32)
        blue = haze * 0.6 + np.array(hour.zenith, np.float32) * 0.3
        stone = (blue * (1 - near) + ground * near) * (0.8 + 0.4 * relief[..., None])
        stone *= 1 + (light[..., None] - 0.8) * (0.35 + 0.65 * near)
        rows = np.arange(height, dtype=np.float32) / self.stage.height
        fog = (np.clip(rows / (0.42, 0.30, 0.26, 0.5)[depth], 0, 1) ** 1.5 * (0.85, 0.8, 0.7, 0.25)[depth])[
            :, None, None
        ]
        return np.asarray(stone * (1 - fog) + haze * 0.96 * fog, np.float32)


def _firs(rng: np.random.Generator, width: int, tall: float) -> Real:
    """Give the outline of a wood: pointed crowns of differing height."""
    columns, crowns = np.arange(width, dtype=np.float32), np.zeros(width, np.float32)
    position = 0.0
    while position < width:
        size = tall * rng.uniform(0.35, 1)
        half = size * 0.24
        low, high = max(0, int(position - half)), min(width, int(position + half) + 1)
        crown = size * (1 - np.abs(columns[low:high] - position) / half)
        ragged = crown * (1 + 0.12 * np.sin(crown * 40 / tall))
        crowns[low:high] = np.maximum(crowns[low:high], ragged)
        position += half * rng.uniform(0.5, 2.2)
    return crowns
