"""Which frames of a result are decoded for its proof."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

JOINT_WINDOW = 12


def windows(frames: int, joints: Iterable[int], entries: Sequence[int]) -> list[range]:
    """Give the ranges to compare: 12 frames either side of each joint, and 12 at the start, the middle and the end.

    So a result without any joint rests on decoded pictures too. `entries` are the ranks at which decoding may begin:
    from one of the second quarter on, the middle window costs its own frames only.
    """
    middle = max((rank for rank in entries if frames // 4 <= rank <= frames // 2), default=frames // 2)
    wanted = [range(start, start + JOINT_WINDOW) for start in (0, middle, frames - JOINT_WINDOW)]
    wanted += [range(rank - JOINT_WINDOW, rank + JOINT_WINDOW) for rank in joints]
    return merged(wanted, frames)


def merged(ranges: Iterable[range], frames: int) -> list[range]:
    """Clip ranges to the film and join those that meet, in order."""
    joined: list[range] = []
    for part in sorted((range(max(0, r.start), min(frames, r.stop)) for r in ranges), key=lambda r: r.start):
        if joined and part.start <= joined[-1].stop:
            joined[-1] = range(joined[-1].start, max(joined[-1].stop, part.stop))
        elif part:
            joined.append(part)
    return joined
