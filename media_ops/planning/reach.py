"""Which frames a segment has to read and process beside its own: integer arithmetic on ranks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from media_ops.need import Need


@dataclass(frozen=True)
class Reach:
    """Decode [first, last); process what `Segment` says of `remove_frames`, `remove_gop`, `repeat` and the fades."""

    first: int
    last: int
    remove_frames: tuple[int, int] = (0, 0)
    remove_gop: tuple[int, int] = (0, 0)
    repeat: int = 0
    fade_in: int = 0
    fade_out: int = 0


def reach(edges: Sequence[int], order: int, need: Need, gops: Sequence[int]) -> Reach:
    """Work out segment `order` of a film that is cut at `edges`, its ends included.

    `gops` are the ranks at which closed GOPs begin, ascending; they count only where `need.gops` does.
    """
    frames, start, end = edges[-1], edges[order], edges[order + 1]
    # At least one frame of each segment is its own.
    fade_out = min(need.crossfade, edges[order + 2] - end - 1) if order + 2 < len(edges) else 0
    fade_in = min(need.crossfade, end - start - 1) if order else 0
    low, high = max(0, start - need.warm_up), min(frames, end + fade_out + need.run_out)
    removed_gops = (0, 0)
    if need.gops:
        low, high, removed_gops = _whole_gops(low, high, start, end, need.gops, gops, frames)
    repeat = 0
    if need.length:
        every, rest = need.length
        low, high, repeat = _lengthened(low, high, (rest - (high - low)) % every, frames)
    return Reach(
        first=max(0, low - need.before),
        last=min(frames, high + need.after),
        remove_frames=(start - low, high - end - fade_out),
        remove_gop=removed_gops,
        repeat=repeat,
        fade_in=fade_in,
        fade_out=fade_out,
    )


def _whole_gops(
    low: int, high: int, start: int, end: int, wanted: tuple[int, int], gops: Sequence[int], frames: int
) -> tuple[int, int, tuple[int, int]]:
    """Widen to whole GOPs, at least so many before and behind as are wanted."""
    own, behind = bisect_right(gops, start) - 1, bisect_left(gops, end)
    at_least = bisect_right(gops, low) - 1
    opening = max(0, min(own - wanted[0], at_least))
    closing = min(len(gops), max(behind + wanted[1], bisect_left(gops, high)))
    stop = gops[closing] if closing < len(gops) else frames
    return gops[opening], stop, (own - opening, closing - behind)


def _lengthened(low: int, high: int, lacking: int, frames: int) -> tuple[int, int, int]:
    """Take so many frames more: before if there are any, then behind; repeat the last one for the rest."""
    before = min(lacking, low)
    behind = min(lacking - before, frames - high)
    return low - before, high + behind, lacking - before - behind
