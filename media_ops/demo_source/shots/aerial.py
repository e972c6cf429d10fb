"""Land from above: a turning, zooming camera follows an aeroplane."""

from __future__ import annotations

import numpy as np

from media_ops.demo_source.canvas import Canvas, texture
from media_ops.demo_source.noise import fractal
from media_ops.demo_source.shots import Stage
from media_ops.demo_source.shots.figures import aeroplane

# height of the land, then R'G'B'
_ISLANDS = (
    (0.00, 0.03, 0.16, 0.32), (0.40, 0.06, 0.36, 0.50), (0.47, 0.25, 0.60, 0.62), (0.49, 0.85, 0.78, 0.58),
    (0.52, 0.42, 0.52, 0.24), (0.64, 0.14, 0.32, 0.13), (0.76, 0.36, 0.33, 0.27), (0.88, 0.93, 0.94, 0.96),
    (1.00, 1.00, 1.00, 1.00),
)  # fmt: skip
_DESERT = (
    (0.00, 0.30, 0.16, 0.10), (0.35, 0.58, 0.34, 0.18), (0.55, 0.80, 0.58, 0.34), (0.72, 0.90, 0.74, 0.50),
    (0.85, 0.62, 0.38, 0.26), (1.00, 0.98, 0.90, 0.76),
)  # fmt: skip


class Aerial:
    """A flight over islands or over a desert."""

    def __init__(self, rng: np.random.Generator, stage: Stage) -> None:
        self.stage, self.unit = stage, stage.height / 720
        height, width = int(stage.height * 2.6) // 2 * 2, int(stage.width * 2.0) // 2 * 2
        land = fractal(rng, height, width, stage.height * 0.55, falloff=0.52)
        table = np.array((_ISLANDS, _DESERT)[int(rng.integers(2))], np.float32)
        steps = np.linspace(0, 1, 1024)
        paints = np.stack([np.interp(steps, table[:, 0], table[:, c]) for c in (1, 2, 3)], 1).astype(np.float32)
        rgb = paints[(land * 1023).astype(np.int32)]
        down, right = np.gradient(land)
        water = np.clip((land - 0.46) * 40, 0, 1) if table[0, 3] > 0.3 else np.float32(1)
        light = 1 + np.clip((right + down) * 42 * self.unit, -0.55, 0.55) * water
        self.land = texture(rgb * np.asarray(light, np.float32)[..., None])
        self.centre = np.array([width, height]) / 2
        self.turn, self.heading = rng.uniform(0, 6.28), rng.uniform(0, 6.28)
        self.spin, self.closer = rng.choice([-1, 1]) * rng.uniform(0.04, 0.09), bool(rng.integers(2))

    def draw(self, canvas: Canvas, n: int) -> None:
        """Move the camera, then the aeroplane over it."""
        seconds, share = n / self.stage.rate, n / max(1, self.stage.length)
        eased = share * share * (3 - 2 * share) if share < 1 else 1
        zoom = 1 - 0.5 * eased if self.closer else 0.5 + 0.5 * eased
        way = np.array([np.cos(self.heading), np.sin(self.heading)])
        x, y = self.centre + way * (min(share, 1) - 0.5) * self.stage.height * 0.5
        canvas.warp(self.land, (x, y), zoom, self.turn + self.spin * seconds)
        width, height, size = self.stage.width, self.stage.height, 52 * self.unit / zoom**0.5
        px = width * (0.5 + 0.2 * np.sin(seconds / 3.1 + self.turn))
        py = height * (0.5 + 0.14 * np.cos(seconds / 2.3))
        nose = self.heading - self.turn + 0.3 * np.sin(seconds / 2.3)
        aeroplane(canvas, px + size * 0.5, py + size * 0.8, size * 0.85, nose, 0)
        aeroplane(canvas, px, py, size, nose)
