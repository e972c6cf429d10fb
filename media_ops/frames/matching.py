"""Tell from luma signatures whether a decoded frame shows its own content or another frame's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.float64]

# Code values of 8 bit, root mean square over the cells.
_FLOOR = 0.25
_FAR_FLOOR = 1.5
_NOISE_CAP = 3.0
_NOISE_FACTOR = 4.0
_REACH = 2
# Comparisons of one frame with one other, in all: a second of work at most.
_MOST_COMPARISONS = 30_000_000


@dataclass(frozen=True)
class Misplaced:
    """A frame at `rank` that is nearer to the content of rank `shows` than to its own."""

    rank: int
    shows: int
    own_distance: float
    other_distance: float


@dataclass
class FrameMatcher:
    """Compare decoded frames with the signatures of what was handed to the encoder.

    `expected` are the cells [n, 9, 16] of all frames by rank, in 1/256 code values. Lossy coding moves a cell's mean
    by its noise; a wrong frame moves it by what lies between the two frames. So a frame is misplaced when it is twice
    as near to another rank as to its own, and farther from its own than `_NOISE_FACTOR` times the noise:

    - among its neighbours, noise is the median distance of all compared frames from their own rank;
    - among all frames, it is the median distance from the nearest rank, which stays noise when most frames are wrong.

    With `exact`, any difference at all is wrong.
    """

    expected: NDArray[np.uint16]
    exact: bool = False
    _ranks: list[int] = field(default_factory=list)
    _decoded: list[NDArray[np.uint16]] = field(default_factory=list)

    def add(self, rank: int, cells: NDArray[np.uint16]) -> None:
        """Note the decoded frame that stands at `rank` in the result."""
        self._ranks.append(rank)
        self._decoded.append(cells)

    @property
    def compared(self) -> int:
        """Frames noted so far."""
        return len(self._ranks)

    @property
    def ranks(self) -> Sequence[int]:
        """Ranks noted so far."""
        return self._ranks

    @property
    def farthest(self) -> float | None:
        """Largest distance of a noted frame from its own rank, None before there is one."""
        if not self._ranks:
            return None
        own = _distance(_flat(np.stack(self._decoded)), _flat(self.expected[np.array(self._ranks)]))
        return float(own.max())

    def misplaced(self) -> list[Misplaced]:
        """Give the frames that show something else, in order of rank."""
        if not self._ranks:
            return []
        ranks = np.array(self._ranks)
        expected, decoded = _flat(self.expected), _flat(np.stack(self._decoded))
        own = _distance(decoded, expected[ranks])
        if self.exact:
            return [Misplaced(int(r), int(r), float(d), float(d)) for r, d in zip(ranks, own, strict=True) if d > 0]
        noise = min(_NOISE_CAP, float(np.median(own)))
        near = _nearest_neighbour(decoded, expected, ranks)
        far = _nearest_anywhere(decoded, expected)
        found = {
            m.rank: m for m in _wrong(ranks, own, *far, max(_FAR_FLOOR, _NOISE_FACTOR * float(np.median(far[1]))))
        }
        found |= {m.rank: m for m in _wrong(ranks, own, *near, max(_FLOOR, _NOISE_FACTOR * noise))}
        return [found[rank] for rank in sorted(found)]


Nearest = tuple[NDArray[np.int64], Cells]


def _wrong(
    ranks: NDArray[np.int64], own: Cells, shown: NDArray[np.int64], distances: Cells, limit: float
) -> list[Misplaced]:
    suspects = np.flatnonzero((own > limit) & (distances < own / 2))
    return [Misplaced(int(ranks[i]), int(shown[i]), float(own[i]), float(distances[i])) for i in suspects]


def _nearest_neighbour(decoded: Cells, expected: Cells, ranks: NDArray[np.int64]) -> Nearest:
    offsets = np.array([offset for offset in range(-_REACH, _REACH + 1) if offset])
    candidates = ranks[:, None] + offsets
    inside = (candidates >= 0) & (candidates < len(expected))
    distances = np.full(candidates.shape, np.inf)
    for column in range(len(offsets)):
        rows = inside[:, column]
        distances[rows, column] = _distance(decoded[rows], expected[candidates[rows, column]])
    best = distances.argmin(1)
    rows = np.arange(len(ranks))
    return candidates[rows, best], distances[rows, best]


def _nearest_anywhere(decoded: Cells, expected: Cells) -> Nearest:
    """Nearest of all ranks; of every k-th rank where all would take too long."""
    step = -(-len(decoded) * len(expected) // _MOST_COMPARISONS)
    sampled = expected[::step]
    squares = (sampled**2).mean(1)
    shown = np.empty(len(decoded), np.int64)
    distances = np.empty(len(decoded))
    for start in range(0, len(decoded), 64):
        part = decoded[start : start + 64]
        between = (part**2).mean(1)[:, None] + squares - 2 * (part @ sampled.T) / expected.shape[1]
        best = between.argmin(1)
        shown[start : start + 64] = best * step
        distances[start : start + 64] = _distance(part, sampled[best])
    return shown, distances


def _flat(cells: NDArray[np.uint16]) -> Cells:
    return cells.reshape(len(cells), -1).astype(np.float64) / 256


def _distance(a: Cells, b: Cells) -> Cells:
    return np.asarray(np.sqrt(((a - b) ** 2).mean(1)), np.float64)
