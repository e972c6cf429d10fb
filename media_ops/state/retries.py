"""Which attempts came to nothing, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from media_ops.storage.traces import Trace

MOST = 50
_LOST = {"code": "lost", "fate": "world", "message": "the task's process was gone before it could say why"}


def lost(traces: Sequence[Trace], running: Mapping[tuple[str, int], int] | None = None) -> set[str]:
    """Give the ids of traces that say "running" and do not: a later try has begun, or their task has ended.

    `running` says which try of which event and order runs now; without it only later tries tell.
    """
    latest: dict[tuple[str, int], int] = {}
    for trace in traces:
        if not trace.hedge:
            place = (trace.event, trace.order)
            latest[place] = max(latest.get(place, 0), trace.attempt)
    ids = set()
    for trace in traces:
        place = (trace.event, trace.order)
        # A second copy of a segment runs beside its try, and ends with it at the latest.
        over = not trace.hedge and trace.attempt < latest[place]
        if running is not None:
            over = over or place not in running or (not trace.hedge and trace.attempt != running[place])
        if trace.outcome == "running" and over:
            ids.add(trace.trace_id)
    return ids


def retries(traces: Sequence[Trace]) -> list[dict[str, Any]]:
    """Give the first attempts that were followed by another try of the same, with the reason."""
    gone = lost(traces)
    last: dict[tuple[str, int], int] = {}
    for trace in traces:
        last[trace.event, trace.order] = max(last.get((trace.event, trace.order), 0), trace.attempt)
    found = []
    for trace in traces:
        error = _LOST if trace.trace_id in gone else trace.error
        if error and not trace.hedge and trace.attempt < last[trace.event, trace.order]:
            where = {"event": trace.event, "order": trace.order, "attempt": trace.attempt}
            found.append(where | {name: error[name] for name in ("code", "fate", "message")})
    return found[:MOST]
