"""Where to cut: integer arithmetic on ranks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The two windows by which a segment's ends are judged; shorter ones are made only where they are wanted.
LEAST_FRAMES = 24
# What a length M beside the wanted L costs: 0.05 (M - L)^2 / L frames' encoding, here in millionths. Of two segments
# of 10 s one may then become a third longer to save 3 frames' worth, less than a cut away from a scene costs.
_STRAY = 50_000
# Places that are looked at for each boundary; with twice as many, no cut of the measured films changed.
_OPTIONS = 32
_NEVER = 1 << 60


def bounds(frames: int, segments: int, prices: NDArray[np.int64]) -> list[int]:
    """Cut [0, frames) into exactly `segments` parts at the least cost; give the segments + 1 boundaries.

    `prices` says for every rank what it costs to cut before it, in millionths of a frame's encoding. All lengths are
    within `lengths`; a length beside the wanted one costs, too. Of all choices within half a segment of the even
    split (the 32 most promising of each boundary) the cheapest is taken, the earlier of equals.
    """
    import numpy as np

    if not 1 <= segments <= frames:
        raise ValueError(f"{frames} frames cannot be cut into {segments} segments")
    least, most = lengths(frames, segments)

    def stray(length: NDArray[np.int64]) -> NDArray[np.int64]:
        allowed = length.clip(least, most)
        cost: NDArray[np.int64] = np.where(length == allowed, _stray(allowed, frames, segments), _NEVER)
        return cost

    ranks, costs = np.zeros(1, np.int64), np.zeros(1, np.int64)
    behind: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for number in range(1, segments):
        options = _options(number, frames, segments, prices)
        ways = costs[None, :] + stray(options[:, None] - ranks[None, :])
        best = ways.argmin(axis=1)
        # Never twice does not fit into 64 bits.
        costs = np.minimum(ways[np.arange(len(options)), best], _NEVER) + prices[options]
        behind.append((ranks, best))
        ranks = options
    at = int((costs + stray(frames - ranks)).argmin())
    chosen = [frames, int(ranks[at])]
    for before, best in reversed(behind):
        at = int(best[at])
        chosen.append(int(before[at]))
    return chosen[::-1]


def lengths(frames: int, segments: int) -> tuple[int, int]:
    """Give the least and the greatest length of a segment: half and three halves of an even share.

    None is shorter than 24 frames, or an even share where that is less.
    """
    even = frames // segments
    return max(even // 2, min(even, LEAST_FRAMES)), -(-frames // segments) * 3 // 2


def cost(edges: Sequence[int], prices: NDArray[np.int64]) -> int:
    """Say what a choice of boundaries costs, in millionths of a frame's encoding."""
    import numpy as np

    frames, segments = edges[-1], len(edges) - 1
    parts = np.asarray([end - start for start, end in pairwise(edges)], np.int64)
    return int(prices[np.asarray(edges[1:-1], np.int64)].sum() + _stray(parts, frames, segments).sum())


def even_split(frames: int, segments: int) -> list[int]:
    """Cut [0, frames) into parts of the same length, but for one frame."""
    return [number * frames // segments for number in range(segments + 1)]


def gop_bounds(frames: int, segments: int, gops: Sequence[int]) -> list[int]:
    """Cut [0, frames) at beginnings of GOPs, into `segments` parts or as many as there are GOPs."""
    inner = [rank for rank in gops if 0 < rank < frames]
    parts = min(segments, len(inner) + 1)
    chosen: list[int] = []
    for number in range(1, parts):
        left = [rank for rank in inner if not chosen or rank > chosen[-1]]
        room = left[: len(left) - (parts - 1 - number)]  # one for each part that is still to come
        chosen.append(min(room, key=lambda rank: abs(rank - number * frames // parts)))
    return [0, *chosen, frames]


def _stray(length: NDArray[np.int64], frames: int, segments: int) -> NDArray[np.int64]:
    cost: NDArray[np.int64] = _STRAY * (segments * length - frames) ** 2 // (segments * frames)
    return cost


def _options(number: int, frames: int, segments: int, prices: NDArray[np.int64]) -> NDArray[np.int64]:
    """Ranks that boundary `number` may have, ascending: the even split, and the cheapest around it."""
    import numpy as np

    even, reach = number * frames // segments, frames // segments // 2
    around = np.arange(max(1, even - reach), min(frames, even + reach + 1), dtype=np.int64)
    # Moved, it makes one part longer and one shorter.
    likely = prices[around] + 2 * _STRAY * segments * (around - even) ** 2 // frames
    best = around[likely.argsort(kind="stable")[:_OPTIONS]]
    return np.union1d(best, [even])
