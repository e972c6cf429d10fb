"""Noise that looks like nature: octaves of random grids, each finer and fainter."""

from __future__ import annotations

import numpy as np

from media_ops.demo_source.canvas import Real


def fractal(
    rng: np.random.Generator, height: int, width: int, cell: float, *, falloff: float = 0.5, stretch: float = 1
) -> Real:
    """Give shape (height, width), values 0 to 1; `cell` is the coarsest grain in pixels, `stretch` its width."""
    import cv2

    total = np.zeros((height, width), np.float32)
    weight, weights = 1.0, 0.0
    while cell >= 1.5:
        rows, columns = int(height / cell) + 3, int(width / (cell * stretch)) + 3
        grid = rng.random((rows, columns), np.float32)
        grown = cv2.resize(grid, (round(columns * cell * stretch), round(rows * cell)), interpolation=cv2.INTER_CUBIC)
        total += weight * grown[int(cell / 2) :, int(cell * stretch / 2) :][:height, :width]
        weights += weight
        weight *= falloff
        cell /= 2
    return np.asarray(np.clip((total / weights - 0.5) * 1.45 + 0.5, 0, 1), np.float32)
