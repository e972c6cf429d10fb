"""Skies of different hours, with clouds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from media_ops.demo_source.canvas import Real, Texture, texture
from media_ops.demo_source.noise import fractal

RGB = tuple[float, float, float]


class Hour(NamedTuple):
    """The light at a time of day."""

    zenith: RGB
    horizon: RGB
    sun: RGB
    ground: RGB


HOURS = (
    Hour((0.20, 0.42, 0.74), (0.78, 0.86, 0.92), (1.00, 0.98, 0.90), (0.13, 0.25, 0.13)),
    Hour((0.22, 0.20, 0.42), (0.98, 0.62, 0.38), (1.00, 0.85, 0.55), (0.12, 0.10, 0.13)),
    Hour((0.30, 0.47, 0.60), (0.96, 0.84, 0.72), (1.00, 0.93, 0.78), (0.16, 0.19, 0.10)),
    Hour((0.16, 0.14, 0.34), (0.86, 0.46, 0.52), (1.00, 0.72, 0.60), (0.08, 0.08, 0.15)),
)


def vertical(top: RGB, bottom: RGB, height: int, width: int) -> Real:
    """Blend one colour into another from top to bottom."""
    ramp = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    shades = np.array(top, np.float32) * (1 - ramp) + np.array(bottom, np.float32) * ramp
    return np.repeat(shades, width, axis=1).astype(np.float32)


def sky(rng: np.random.Generator, hour: Hour, height: int, width: int, sun: tuple[float, float]) -> Texture:
    """Paint a sky with its sun at `sun`, in pixels."""
    picture = vertical(hour.zenith, hour.horizon, height, width)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    distance = np.hypot(columns - sun[0], rows - sun[1]) / height
    glow = 0.75 * np.exp(-distance * 5) + np.clip((0.045 - distance) * 200, 0, 1)
    clouds = np.clip(fractal(rng, height, width, height / 2.5, stretch=2.2, falloff=0.55) * 3 - 1.55, 0, 1)
    lit = np.array(hour.sun, np.float32) * 0.55 + np.array(hour.horizon, np.float32) * 0.45
    thick = (0.75 * clouds * np.linspace(1, 0.35, height, dtype=np.float32)[:, None])[..., None]
    picture = picture * (1 - thick) + lit * thick
    warm = np.clip(glow, 0, 1)[..., None]
    return texture((picture * (1 - warm) + np.array(hour.sun, np.float32) * warm).astype(np.float32))
