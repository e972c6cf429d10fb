"""Tell from luma signatures whether a decoded frame shows its own content or another frame's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from media_ops.frames.confirmed import confirmed
from media_ops.frames.nearness import Cells, Ranks, distance, looks_like, nearest_anywhere, nearest_neighbour

# Code values of 8 bit and multiples of the coding noise by which cells must change for a finding to count. On 20
# films, fades, pans, nearly still ones and noise among them, x264, x265 and SVT-AV1 from CRF 23 to the coarsest gave
# no false finding. At two or three times the noise there are up to ten in a film; 4 times among all frames gave one.
_CLEAR_CHANGE = 4.0
_CLEARLY = 4.0
_CLEARLY_FAR = 6.0
# How much farther than the noise the frame must be from its own content: 2.3 times at CRF 51 where x264 lags behind a
# pan.
_APART = 3.0
# Two frames that changed places, or three in a row that are shifted alike, are an encoder's doing only within its
# noise: at CRF 51 x264 and x265 lag one to two frames behind a slow pan.
_LEAST_CHANGE = 0.5
_TELLING = 2.0
_NEARER = 1.25


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
    by its noise and may hold a picture that changes little; a wrong frame moves it by what lies between two frames.
    So a frame is misplaced when it is twice as near to another as to its own, in cells that change clearly between
    these two. Smaller changes count where two frames changed places or a run is shifted as a whole.

    Noise is the distance from the nearest frame, of this one or of the median one: it stays noise when most frames
    are wrong. With `exact`, any difference at all is wrong.
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
        own = distance(_flat(np.stack(self._decoded)), _flat(self.expected[np.array(self._ranks)]))
        return float(own.max())

    def misplaced(self) -> list[Misplaced]:
        """Give the frames that show something else, in order of rank."""
        if not self._ranks:
            return []
        ranks = np.array(self._ranks)
        expected, decoded = _flat(self.expected), _flat(np.stack(self._decoded))
        own = distance(decoded, expected[ranks])
        if self.exact:
            return [Misplaced(int(r), int(r), float(d), float(d)) for r, d in zip(ranks, own, strict=True) if d > 0]
        near, near_distance = nearest_neighbour(decoded, expected, ranks)
        far, far_distance = nearest_anywhere(decoded, expected)
        judge = _Judge(decoded, expected, ranks)
        noise, far_noise = _noise(np.minimum(own, near_distance)), _noise(far_distance)
        clear, clear_far = np.maximum(_CLEAR_CHANGE, _CLEARLY * noise), _CLEARLY_FAR * far_noise
        found = judge.shown(far, np.maximum(_CLEAR_CHANGE, clear_far), own > _APART * far_noise)
        found |= judge.shown(near, clear, own > _APART * noise)
        least, suspect = np.maximum(_LEAST_CHANGE, _TELLING * noise), own > _NEARER * near_distance
        plain = judge.shown(near, least, suspect, fitted=False)
        for rank, shows in confirmed(plain):
            if shows > rank or plain.get(shows) == rank:  # a lag all through a fade may be the encoder's
                found.setdefault(rank, shows)
        found |= dict(confirmed(judge.shown(near, least, suspect)))
        return [Misplaced(rank, shows, *judge.distances(rank, shows)) for rank, shows in sorted(found.items())]


@dataclass(frozen=True)
class _Judge:
    decoded: Cells
    expected: Cells
    ranks: Ranks

    def shown(self, shown: Ranks, change: Cells, may: NDArray[np.bool_], *, fitted: bool = True) -> dict[int, int]:
        """Give the frames that look like those `shown`, by rank; only rows of `may` are tried."""
        rows = np.flatnonzero(may)
        pictures = self.decoded[rows], self.expected[self.ranks[rows]], self.expected[shown[rows]]
        rows = rows[looks_like(*pictures, change[rows], fitted=fitted)]
        return dict(zip(self.ranks[rows].tolist(), shown[rows].tolist(), strict=True))

    def distances(self, rank: int, shows: int) -> tuple[float, float]:
        """Give how far the frame at `rank` is from its own content and from that of `shows`."""
        row = self.decoded[np.flatnonzero(self.ranks == rank)[:1]]
        return float(distance(row, self.expected[[rank]])[0]), float(distance(row, self.expected[[shows]])[0])


def _noise(distances: Cells) -> Cells:
    return np.maximum(distances, np.median(distances))


def _flat(cells: NDArray[np.uint16]) -> Cells:
    return cells.reshape(len(cells), -1).astype(np.float64) / 256
