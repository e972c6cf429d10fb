"""Attempts as a file for chrome://tracing and Perfetto."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from media_ops.state.shown import Shown, lanes

_COLOURS = {
    "succeeded": "good",
    "reused": "grey",
    "running": "thread_state_running",
    "failed": "terrible",
    "lost": "black",
    "cancelled": "bad",
}


def chrome_trace(attempts: Sequence[Shown], job: str) -> dict[str, Any]:
    """Give the document: a process for each host, a thread for each lane of work that ran side by side there.

    Attempts are complete events; one that came to nothing has a mark at its end, and an arrow to the next try.
    """
    events: list[dict[str, Any]] = []
    where: dict[str, tuple[int, int]] = {}
    for number, host in enumerate(sorted({one.trace.host for one in attempts}), start=1):
        events.append(_named("process_name", host or "unknown host", number))
        for lane, row in enumerate(lanes([one for one in attempts if one.trace.host == host]), start=1):
            events.append(_named("thread_name", f"lane {lane}", number, lane))
            for one in row:
                where[one.trace.trace_id] = (number, lane)
                events += _drawn(one, number, lane)
    for one in attempts:
        tries = [other for other in attempts if other.name == one.name and other.trace.attempt > one.trace.attempt]
        if one.code and tries:
            again = min(tries, key=lambda other: other.trace.attempt)
            events += _arrow(one, again, where)
    return {"traceEvents": events, "displayTimeUnit": "ms", "otherData": {"job": job}}


def _drawn(one: Shown, process: int, thread: int) -> list[dict[str, Any]]:
    trace = one.trace
    at = {"pid": process, "tid": thread, "cat": trace.event}
    again = f" (try {trace.attempt})" if trace.attempt > 1 else ""
    about = {
        "trace_id": trace.trace_id,
        "segment_id": trace.segment_id,
        "part": trace.label,
        "try": trace.attempt,
        "outcome": one.shade,
        "done": trace.done,
        "total": trace.total,
        "cpu_seconds": trace.metrics.cpu_seconds,
        "gpu_seconds": trace.gpu_seconds,
        "bytes_read": trace.metrics.bytes_read,
        "bytes_written": trace.metrics.bytes_written,
        "peak_bytes": trace.metrics.peak_bytes,
        "error": trace.error,
    }
    bar = at | {
        "ph": "X",
        "name": one.name + again,
        "ts": _micro(trace.started),
        "dur": max(1, _micro(one.seconds)),
        "cname": _COLOURS[one.shade],
        "args": {name: value for name, value in about.items() if value is not None},
    }
    if not one.code:
        return [bar]
    return [bar, at | {"ph": "i", "s": "t", "name": f"{one.name}: {one.code}", "ts": _micro(one.until)}]


def _arrow(one: Shown, again: Shown, where: dict[str, tuple[int, int]]) -> list[dict[str, Any]]:
    arrow = {"cat": "retry", "name": "retry", "id": one.trace.trace_id}
    ends = []
    for phase, at, which in (("s", max(one.trace.started, one.until - 1e-6), one), ("f", again.trace.started, again)):
        process, thread = where[which.trace.trace_id]
        ends.append(arrow | {"ph": phase, "ts": _micro(at), "pid": process, "tid": thread})
    ends[1]["bp"] = "e"
    return ends


def _named(what: str, name: str, process: int, thread: int = 0) -> dict[str, Any]:
    return {"ph": "M", "name": what, "pid": process, "tid": thread, "args": {"name": name}}


def _micro(seconds: float) -> int:
    return round(seconds * 1e6)
