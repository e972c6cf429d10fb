"""Where to cut: integer arithmetic on ranks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


def bounds(frames: int, segments: int, preferred: Sequence[int]) -> list[int]:
    """Cut [0, frames) into exactly `segments` non-empty parts; give the segments + 1 boundaries.

    Each inner boundary is the `preferred` rank nearest to an even split, if there is one within a third of a
    segment's length, else the even split itself. Any rank is a right boundary; a preferred one costs less decoding.
    """
    if not 1 <= segments <= frames:
        raise ValueError(f"{frames} frames cannot be cut into {segments} segments")
    reach = frames // segments // 3
    chosen = [0]
    for number in range(1, segments):
        even = number * frames // segments
        near = _nearest(preferred, even)
        # Within a third either way, two boundaries cannot meet.
        chosen.append(near if near is not None and abs(near - even) <= reach else even)
    return [*chosen, frames]


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


def _nearest(ranks: Sequence[int], wanted: int) -> int | None:
    at = bisect_left(ranks, wanted)
    around = ranks[max(0, at - 1) : at + 1]
    return min(around, key=lambda rank: abs(rank - wanted), default=None)
