"""A drawing at its place in the picture, as it is shown and as it is coded."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from media_ops.drawing.logo import stretched
from media_ops.frame import Film


@dataclass(frozen=True)
class Overlay:
    """Pixels [h, w, 4], premultiplied sRGB and alpha, and the left column and top row where they lie."""

    pixels: NDArray[np.float32]
    x: int
    y: int


def beside(left: NDArray[np.float32], right: NDArray[np.float32], gap: int) -> NDArray[np.float32]:
    """Put two drawings next to each other, their middles on one height."""
    height = max(left.shape[0], right.shape[0])
    whole = np.zeros((height, left.shape[1] + gap + right.shape[1], 4), np.float32)
    for part, column in ((left, 0), (right, left.shape[1] + gap)):
        top = (height - part.shape[0]) // 2
        whole[top : top + part.shape[0], column : column + part.shape[1]] = part
    return whole


def coded(overlay: Overlay, film: Film) -> Overlay:
    """Give the overlay as it must lie in a coded picture, for a player to show it where and as it is."""
    pixels, x, y = overlay.pixels, overlay.x, overlay.y
    width, height = film.shown_size
    for _ in range(film.rotation // 90):  # a quarter turn back, counterclockwise
        pixels = np.rot90(pixels)
        x, y, width, height = y, width - x - pixels.shape[0], height, width
    if film.mirrored:
        pixels = pixels[:, ::-1]
        x = width - x - pixels.shape[1]
    if width != film.width:
        pixels, x = _squeezed(pixels, x, width, film.width)
    return Overlay(np.ascontiguousarray(pixels), x, y)


def _squeezed(
    pixels: NDArray[np.float32], x: int, shown_width: int, coded_width: int
) -> tuple[NDArray[np.float32], int]:
    """Undo the stretching by which a player shows `coded_width` columns as `shown_width` ones."""
    ratio = shown_width / coded_width
    first = math.floor(x / ratio)
    end = min(math.ceil((x + pixels.shape[1]) / ratio), coded_width)
    left, right = first * ratio - x, end * ratio - x
    before, behind = math.ceil(max(0.0, -left)), math.ceil(max(0.0, right - pixels.shape[1]))
    padded = np.pad(pixels, ((0, 0), (before, behind), (0, 0)))
    box = (max(0.0, left + before), 0.0, min(right + before, float(padded.shape[1])), float(padded.shape[0]))
    return stretched(padded, end - first, padded.shape[0], box), first
