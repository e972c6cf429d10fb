"""Tell from luma signatures whether a decoded frame shows its own content or a neighbour's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.float32]

# Code values of 8 bit, root mean square over the cells.
_FLOOR = 0.25
_NOISE_CAP = 3.0
_CLEAR_MOTION = 2.0
_NOISE_FACTOR = 4.0
_REACH = 2


@dataclass(frozen=True)
class Misplaced:
    """A frame nearer to the content of rank `rank + offset` than to its own."""

    rank: int
    offset: int
    own_distance: float
    other_distance: float


@dataclass
class FrameMatcher:
    """Compare decoded frames with the signatures of what was handed to the encoder.

    `expected` are the cells [n, 9, 16] of all frames by rank, in 1/256 code values. Lossy coding moves a cell's mean
    by its noise; a wrong frame moves it by the motion between frames. A frame is misplaced when it is twice as near
    to another one and farther from its own than `_NOISE_FACTOR` times the median of all compared frames. When *most*
    clearly moving frames prefer another rank, the median itself is motion, and that alone is wrong.
    """

    expected: NDArray[np.uint16]
    exact: bool = False
    _seen: list[tuple[int, float, dict[int, tuple[float, float]]]] = field(default_factory=list)

    def add(self, rank: int, cells: NDArray[np.uint16]) -> None:
        """Note the decoded frame that stands at `rank` in the result."""
        own = self._at(rank)
        decoded = cells.astype(np.float32)
        others = {
            offset: (_distance(decoded, self._at(rank + offset)), _distance(own, self._at(rank + offset)))
            for offset in range(-_REACH, _REACH + 1)
            if offset and 0 <= rank + offset < len(self.expected)
        }
        self._seen.append((rank, _distance(decoded, own), others))

    @property
    def compared(self) -> int:
        """Frames noted so far."""
        return len(self._seen)

    def ranks(self) -> Sequence[int]:
        """Ranks noted so far."""
        return [rank for rank, _, _ in self._seen]

    def misplaced(self) -> list[Misplaced]:
        """Give the frames that show something else, in order of rank."""
        if self.exact:
            return [Misplaced(rank, 0, own, own) for rank, own, _ in self._seen if own > 0]
        noise = min(_NOISE_CAP, float(np.median([own for _, own, _ in self._seen]))) if self._seen else 0.0
        limit = max(_FLOOR, _NOISE_FACTOR * noise)
        found = [m for m in self._preferring() if m.own_distance > limit and m.other_distance < m.own_distance / 2]
        return sorted(found or self._shifted(), key=lambda m: m.rank)

    def _preferring(self) -> Iterator[Misplaced]:
        for rank, own, others in self._seen:
            if others:
                offset = min(others, key=lambda o: others[o][0])
                if others[offset][0] < own:
                    yield Misplaced(rank, offset, own, others[offset][0])

    def _shifted(self) -> list[Misplaced]:
        moving = {
            rank
            for rank, _, others in self._seen
            if others and min(gap for _, gap in others.values()) > _CLEAR_MOTION
        }
        shifted = [m for m in self._preferring() if m.rank in moving]
        return shifted if len(moving) >= 4 and len(shifted) > 0.6 * len(moving) else []

    def _at(self, rank: int) -> Cells:
        cells: Cells = self.expected[rank].astype(np.float32)
        return cells


def _distance(a: Cells, b: Cells) -> float:
    return float(np.sqrt(np.mean((a - b) ** 2))) / 256
