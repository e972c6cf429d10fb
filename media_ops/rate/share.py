"""How many bits each segment gets so that the film has its rate and looks equally good everywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# By how much the bits of residuals and of motion vectors fall when the quantiser's step grows, as exponents: x264's
# and x265's second passes reckon with the same.
_TEXTURE, _MOTION = 1.1, 0.5
_MOST_QP = 60.0


@dataclass(frozen=True)
class Measured:
    """A segment at the first pass's quality: seconds shown, and bits of residuals, of motion vectors, of the rest."""

    seconds: float
    texture: float
    motion: float
    rest: float

    def bits(self, coarser: float) -> float:
        """Predict the bits at a quantiser `coarser` QP steps higher; 6 of them double the quantiser's step."""
        step: float = 2 ** (coarser / 6)
        return float(self.texture / step**_TEXTURE + self.motion / step**_MOTION + self.rest)


def share(segments: Sequence[Measured], rate: float, most: float = math.inf) -> tuple[list[float], float]:
    """Give each segment's bits a second, and by how many QP steps all become coarser than they were measured.

    None gets more than `most`; what it would have had is shared by the others.

    All segments change by the same, which is what a whole-file second pass does; with texture alone this is
    `rate_i = rate * bits_i / sum(bits) * total / seconds_i`. Where `rate` is below what is left of a film at the
    coarsest quantiser, the shares keep that proportion.
    """
    total = sum(segment.seconds for segment in segments)
    wanted = rate * total
    low, high = -_MOST_QP, _MOST_QP
    while high - low > 1e-6:
        middle = (low + high) / 2
        if sum(_capped(segment, middle, most) for segment in segments) > wanted:
            low = middle
        else:
            high = middle
    coarser = (low + high) / 2
    predicted = [_capped(segment, coarser, most) for segment in segments]
    spent = _scaled(predicted, [most * segment.seconds for segment in segments], wanted)
    return [own / segment.seconds for own, segment in zip(spent, segments, strict=True)], coarser


def _scaled(bits: list[float], most: list[float], wanted: float) -> list[float]:
    """Scale all alike so that they are `wanted` together, but none above its own most."""
    full: set[int] = set()
    while True:
        left = wanted - sum(most[place] for place in full)
        factor = left / (sum(own for place, own in enumerate(bits) if place not in full) or 1)
        over = {place for place, own in enumerate(bits) if place not in full and factor * own > most[place]}
        if not over:
            return [most[place] if place in full else factor * own for place, own in enumerate(bits)]
        full |= over


def _capped(segment: Measured, coarser: float, most: float) -> float:
    return min(segment.bits(coarser), most * segment.seconds)
