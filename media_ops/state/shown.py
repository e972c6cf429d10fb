"""Attempts as they are shown: with what became of them, and until when."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from media_ops.state.retries import lost
from media_ops.storage.traces import Trace

Shade = Literal["succeeded", "reused", "running", "failed", "lost", "cancelled"]


@dataclass(frozen=True)
class Shown:
    """One attempt; `until` is its end, of one that runs now, of a lost one the start of what followed."""

    trace: Trace
    shade: Shade
    until: float

    @property
    def seconds(self) -> float:
        """How long it took, or takes so far."""
        return max(0.0, self.until - self.trace.started)

    @property
    def name(self) -> str:
        """Event, and number of the segment."""
        return self.trace.event + (f" {self.trace.order}" if self.trace.order >= 0 else "")

    @property
    def code(self) -> str:
        """Why it came to nothing, in a word."""
        return "lost" if self.shade == "lost" else (self.trace.error or {}).get("code", "")


def shown(
    traces: Sequence[Trace],
    running: Mapping[tuple[str, int], int] | None = None,
    *,
    over: float | None = None,
    now: float | None = None,
) -> list[Shown]:
    """Give all attempts by their start; `over` is when the job ended, `running` as `lost` takes it."""
    now = over or now or time.time()
    gone = lost(traces, running)
    found = []
    for trace in sorted(traces, key=lambda trace: trace.started):
        until = trace.ended
        if until is None:
            place = (trace.event, trace.order)
            later = [one.started for one in traces if (one.event, one.order) == place and one.attempt > trace.attempt]
            until = max(trace.started, min(later, default=now))
        shade: Shade = "lost" if trace.trace_id in gone else "reused" if trace.reused else trace.outcome
        found.append(Shown(trace, shade, until))
    return found


def lanes(attempts: Sequence[Shown]) -> list[list[Shown]]:
    """Put attempts that do not overlap behind one another, in as few lanes as the work was side by side."""
    found: list[list[Shown]] = []
    for one in sorted(attempts, key=lambda one: one.trace.started):
        free = next((lane for lane in found if lane[-1].until <= one.trace.started), None)
        if free is None:
            found.append(free := [])
        free.append(one)
    return found
