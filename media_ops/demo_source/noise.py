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
        rows, columns = int(height / cell) + 2, int(width / (cell * stretch)) + 2
        grid = rng.random((rows, columns), np.float32)
        matrix = np.array([[1 / (cell * stretch), 0, 0.5], [0, 1 / cell, 0.5]])
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        total += weight * cv2.warpAffine(grid, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT)
        weights += weight
        weight *= falloff
        cell /= 2
    return np.clip((total / weights - 0.5) * 1.6 + 0.5, 0, 1)
