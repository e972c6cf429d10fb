"""What an algorithm needs around the frames it is to give."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Need:
    """What an algorithm must see around the frames it is to give; the planner sees to it.

    `before` and `after` are the neighbours in each window. `warm_up` frames before a segment and `run_out` frames
    behind it are processed too, and dropped (the segment's `remove_frames`). `unbounded`: everything before; the film
    is not cut. `length` (k, r): `process` is called k * n + r times for a segment; the last picture is repeated where
    the film has too few. `gops`: segments begin and end at closed GOPs, and so many whole GOPs before and behind are
    processed and dropped (`remove_gop`). `crossfade`: frames behind each joint that fade from the segment before it.
    """

    before: int = 0
    after: int = 0
    warm_up: int = 0
    run_out: int = 0
    unbounded: bool = False
    length: tuple[int, int] | None = None
    gops: tuple[int, int] | None = None
    crossfade: int = 0
