"""An overlay made ready for one film: what remains of each plane, and what is added to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from media_ops.drawing.colour import code_values
from media_ops.drawing.overlay import Overlay
from media_ops.frame import Film

Plane = NDArray[Any]
# Weights in 1/65536: the sum of a code value of 16 bits and an addend, each so many times, just fits into 32.
_ONE = 1 << 16


@dataclass(frozen=True)
class Patch:
    """One plane's share: `keep` is the source's weight in 1/65536, `add` the drawing's part and a half to round."""

    top: int
    left: int
    keep: NDArray[np.uint32]
    add: NDArray[np.uint32]

    def on(self, plane: Plane) -> Plane:
        """Give a copy of the plane with the patch on it; where its weight is nothing, not one bit changes."""
        result = plane.copy()
        inside = result[self.top : self.top + self.keep.shape[0], self.left : self.left + self.keep.shape[1]]
        mixed = inside.astype(np.uint32)
        mixed *= self.keep
        mixed += self.add
        mixed >>= 16
        inside[...] = mixed
        return result


@dataclass(frozen=True)
class Stamp:
    """Patches for luma and for both planes of chroma."""

    patches: tuple[Patch, Patch, Patch]

    def on(self, planes: Sequence[Plane]) -> tuple[Plane, ...]:
        """Put it on one plane (grey) or three."""
        return tuple(patch.on(plane) for patch, plane in zip(self.patches, planes, strict=False))


def make_stamp(overlay: Overlay, film: Film) -> Stamp:
    """Turn an overlay in coded geometry into the film's code values, chroma weighted by what it covers."""
    values = code_values(overlay.pixels, film)
    alpha = overlay.pixels[..., 3]
    down, across = _phases(film)
    weight, top = _shared(alpha, overlay.y, film.height, film.subsampling[1], down)
    weight, left = _shared(weight.T, overlay.x, film.width, film.subsampling[0], across)
    chroma = []
    for value in values[1:]:
        shared, _ = _shared(value, overlay.y, film.height, film.subsampling[1], down)
        shared, _ = _shared(shared.T, overlay.x, film.width, film.subsampling[0], across)
        chroma.append(_patch(top, left, weight.T, shared.T))
    return Stamp((_patch(overlay.y, overlay.x, alpha, values[0]), chroma[0], chroma[1]))


def _patch(top: int, left: int, weight: Plane, value: Plane) -> Patch:
    covers = np.rint(weight.astype(np.float64) * _ONE).astype(np.uint32)
    add = np.rint(value.astype(np.float64) * _ONE).astype(np.uint32)
    return Patch(top, left, np.uint32(_ONE) - covers, add + np.uint32(_ONE // 2))


def _phases(film: Film) -> tuple[float, float]:
    """Say where, in lines and columns from the first luma sample of its own, a chroma sample lies.

    Silent streams are taken as MPEG-2 has it, left and between two lines, and so does H.264 (table E-3, type 0).
    """
    location = film.chroma_location or "left"
    columns, lines = film.subsampling
    middle = (lines - 1) / 2
    down = 0.0 if location.startswith("top") else lines - 1.0 if location.startswith("bottom") else middle
    return down, 0.0 if location.endswith("left") else (columns - 1) / 2


def _shared(plane: Plane, start: int, size: int, share: int, phase: float) -> tuple[Plane, int]:
    """Average the rows that share a chroma sample; `plane` begins at row `start` of `size`, all else is nothing.

    Gives the averages and the first one's place. Samples that lie on a luma row take half of the outer rows' weight,
    those between two rows none beyond their own; the picture's border rows stand in for what lies beyond it.
    """
    if share == 1:
        return plane, start
    on_row = phase == int(phase)
    first = int(phase) - share // 2 if on_row else 0
    weights = np.full(share + 1 if on_row else share, 1 / share, np.float32)
    if on_row:
        weights[[0, -1]] /= 2
    place = max(0, start // share - 1)
    places = np.arange(place, min(-(-size // share), (start + len(plane)) // share + 2))
    rows = np.clip(places[:, None] * share + first + np.arange(len(weights)), 0, size - 1) - start
    rows[(rows < 0) | (rows >= len(plane))] = len(plane)
    padded = np.concatenate([plane, np.zeros((1, plane.shape[1]), plane.dtype)])
    averages = np.zeros((len(places), plane.shape[1]), np.float32)
    for weight, row in zip(weights, rows.T, strict=True):
        averages += weight * padded[row]
    return averages, place
