"""Which attempts were made again, and which are lost."""

from __future__ import annotations

from typing import Any

from media_ops.state.retries import MOST, lost, retries
from media_ops.state.shown import shown
from media_ops.storage.traces import Trace


def trace(order: int, attempt: int = 1, outcome: str = "succeeded", **known: Any) -> Trace:
    known = {"started": float(attempt), "trace_id": f"{order}.{attempt}{'c' if known.get('hedge') else ''}"} | known
    words: dict[str, Any] = {"job_id": "j", "dag_id": "d", "event": "process", "outcome": outcome}
    return Trace(order=order, attempt=attempt, **words, **known)


DIED = {"code": "child_died", "fate": "world", "message": "x"}


def test_retries_have_their_reason_and_lost_ones_one_of_ours() -> None:
    traces = [
        trace(0, outcome="failed", error=DIED),
        trace(0, 2),
        trace(1, outcome="running"),
        trace(1, 2),
        trace(2, outcome="failed", error=DIED),  # the last word on it
        trace(3, outcome="running"),
    ]
    found = retries(traces)
    assert [(one["order"], one["attempt"], one["code"]) for one in found] == [(0, 1, "child_died"), (1, 1, "lost")]
    assert len(retries([trace(n, k, "failed", error=DIED) for n in range(40) for k in (1, 2, 3)])) == MOST


def test_one_that_runs_is_lost_when_another_try_runs_or_none() -> None:
    traces = [trace(0, outcome="running"), trace(1, outcome="running"), trace(2, outcome="running"), trace(3)]
    assert lost(traces) == set()
    assert lost(traces, {("process", 0): 1, ("process", 1): 2}) == {"1.1", "2.1"}
    copy = trace(0, 1, "running", hedge=True)
    assert lost([*traces, copy], {("process", 0): 2}) == {"0.1", "1.1", "2.1"}
    assert lost([*traces, copy], {}) == {"0.1", "0.1c", "1.1", "2.1"}


def test_a_lost_attempt_is_shown_until_the_next_began() -> None:
    traces = [
        trace(0, 2, started=40.0, ended=50.0),
        trace(0, outcome="running", started=10.0),
        trace(1, outcome="running", started=20.0),
        trace(2, reused=True, started=21.0, ended=22.0),
    ]
    bars = shown(traces, {("process", 1): 1}, now=60.0)
    assert [(bar.trace.order, bar.shade, bar.until) for bar in bars] == [
        (0, "lost", 40.0),
        (1, "running", 60.0),
        (2, "reused", 22.0),
        (0, "succeeded", 50.0),
    ]
    assert [bar.shade for bar in shown(traces, {}, over=55.0)] == ["lost", "lost", "reused", "succeeded"]
