"""Which segments are so slow that a second copy of them pays."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from media_airflow.watchdog.rules import Stragglers

# A sibling under way counts once so much of it is done: the first frames of a segment come late.
_UNDER_WAY = 0.25


@dataclass(frozen=True)
class Pace:
    """How a segment gets on: `done` frames of `total` (None: unknown) in so many seconds."""

    index: int
    done: int
    total: int | None
    seconds: float
    running: bool

    @property
    def rate(self) -> float:
        """Frames per second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0


def stragglers(paces: Sequence[Pace], rule: Stragglers, hedged: Collection[int], free: int) -> list[int]:
    """Give the indices to start a second time, slowest first, at most `free` of them and `rule.most` a job."""
    room = min(free, rule.most - len(hedged))
    if not rule.enabled or room <= 0:
        return []
    slow = [pace for pace in paces if pace.index not in hedged and _is_slow(pace, paces, rule)]
    return [pace.index for pace in sorted(slow, key=lambda pace: (pace.rate, pace.index))[:room]]


def _is_slow(pace: Pace, paces: Sequence[Pace], rule: Stragglers) -> bool:
    siblings = [one for one in paces if one.index != pace.index and _tells(one, rule)]
    if not pace.running or pace.seconds < rule.seconds or len(siblings) < rule.siblings:
        return False
    usual = statistics.median(one.rate for one in siblings)
    # Nothing is known of a frame that is not finished: it may be nearly so.
    if (pace.done + 1) / pace.seconds * rule.slower > usual:
        return False
    total = pace.total or statistics.median(one.total or one.done for one in siblings)
    left, anew = max(0.0, total - pace.done), total / usual
    return pace.rate == 0 or left / pace.rate - anew >= rule.gain_seconds


def _tells(pace: Pace, rule: Stragglers) -> bool:
    if pace.done <= 0 or pace.seconds <= 0:
        return False
    if not pace.running:
        return True
    return pace.total is not None and pace.seconds >= rule.seconds and pace.done >= _UNDER_WAY * pace.total
