"""Which of the film's signatures a decoded one is nearest to, and whether that is more than an encoder's doing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.float64]
Ranks = NDArray[np.int64]

_REACH = 2
_DECISIVE = 0.5
_FEWEST_CELLS = 4
# At CRF 51 x264 keeps a picture through a fade until it is 13 code values too bright; a cut to black is more.
_FADED = 24.0
_ROWS_AT_ONCE = 4096
# Comparisons of one frame with one other, in all: a second of work at most.
_MOST_COMPARISONS = 30_000_000


def distance(a: Cells, b: Cells) -> Cells:
    """Give the root mean square over the cells, row by row."""
    return np.asarray(np.sqrt(((a - b) ** 2).mean(1)), np.float64)


def nearest_neighbour(made: Cells, film: Cells, ranks: Ranks) -> tuple[Ranks, Cells]:
    """Give for each row the nearest rank within two of its own, itself left out, and its distance."""
    shown, least = ranks.copy(), np.full(len(ranks), np.inf)
    for offset in sorted((o for o in range(-_REACH, _REACH + 1) if o), key=abs):
        there = np.flatnonzero((ranks + offset >= 0) & (ranks + offset < len(film)))
        between = distance(made[there], film[ranks[there] + offset])
        nearer = there[between < least[there]]
        shown[nearer], least[nearer] = ranks[nearer] + offset, between[between < least[there]]
    return shown, least


def nearest_anywhere(made: Cells, film: Cells) -> tuple[Ranks, Cells]:
    """Give the nearest of all ranks; of every k-th rank where all would take too long."""
    step = -(-len(made) * len(film) // _MOST_COMPARISONS)
    sampled = film[::step]
    squares = (sampled**2).mean(1)
    shown, least = np.empty(len(made), np.int64), np.empty(len(made))
    for start in range(0, len(made), 64):
        part = made[start : start + 64]
        between = (part**2).mean(1)[:, None] + squares - 2 * (part @ sampled.T) / film.shape[1]
        best = between.argmin(1)
        shown[start : start + 64] = best * step
        least[start : start + 64] = distance(part, sampled[best])
    return shown, least


def looks_like(made: Cells, own: Cells, other: Cells, change: Cells, *, fitted: bool = True) -> NDArray[np.bool_]:
    """Say row by row whether `made` is less than half as far from `other` as from `own`.

    Only cells count in which those two differ by more than `change`; there must be four. With `fitted` brightness
    and contrast are fitted first: in a fade an encoder may lag behind.
    """
    found = np.zeros(len(made), np.bool_)
    for start in range(0, len(made), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        m, a, b = made[rows], own[rows], other[rows]
        telling = _unlikeness(a, b, fitted) > change[rows, None]
        far = np.where(telling, _unlikeness(a, m, fitted), 0).sum(1)
        near = np.where(telling, _unlikeness(b, m, fitted), 0).sum(1)
        found[rows] = (telling.sum(1) >= _FEWEST_CELLS) & (near < _DECISIVE * far)
    return found


def _unlikeness(one: Cells, other: Cells, fitted: bool) -> Cells:
    plain: Cells = np.abs(other - one)
    if not fitted:
        return plain
    x, y = one - one.mean(1, keepdims=True), other - other.mean(1, keepdims=True)
    spread = (x * x).sum(1, keepdims=True)
    gain = (x * y).sum(1, keepdims=True) / np.where(spread > 0, spread, 1)
    return np.where(distance(one, other)[:, None] > _FADED, plain, np.abs(y - gain * x))
