"""What the traces of a job say of how it went on after a kill."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from media_ops.storage.traces import Trace

Work = tuple[str, int]


def works(traces: Sequence[Trace]) -> dict[Work, list[Trace]]:
    """Sort attempts by what they are at, hedges left out."""
    found: dict[Work, list[Trace]] = defaultdict(list)
    for trace in sorted(traces, key=lambda one: one.started):
        if not trace.hedge:
            found[trace.event, trace.order].append(trace)
    return found


def seconds_to_retry(traces: Sequence[Trace], killed: float, counted_from: float) -> float | None:
    """Give the longest time, from `counted_from`, until work that was under way at `killed` was under way again.

    None where nothing was begun again.
    """
    waited = []
    for attempts in works(traces).values():
        before = [one for one in attempts if one.started < killed and (one.ended is None or one.ended >= killed)]
        after = [one for one in attempts if one.started >= killed]
        if before and after:
            waited.append(after[0].started - counted_from)
    return round(max(waited), 1) if waited else None


def recomputed(traces: Sequence[Trace]) -> int:
    """Count the attempts that computed what had been finished before."""
    count = 0
    for attempts in works(traces).values():
        done = [one for one in attempts if one.outcome == "succeeded"]
        count += sum(not one.reused for one in done[1:])
    return count
