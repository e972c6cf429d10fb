"""The part of a job behind cutting, where it measures: its segments side by side, then the document."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from media_ops.crew import Crew
from media_ops.model import Plan, Segment
from media_ops.publishing import Wanted
from media_ops.requests import MeasureRequest, MeasureResult, ProbeResult, ReportRequest, ReportResult
from media_ops.worker.attempt import Attempt, measure_attempt, report_attempt


@dataclass(frozen=True)
class MeasuredJob:
    """What all its requests have in common; `place` names source, store and prefix, `ask` algorithm and params."""

    crew: Crew
    place: dict[str, str]
    ask: dict[str, Any]
    threads: int
    conceal: bool

    def work(self, probe: ProbeResult, plan: Plan, wanted: Wanted) -> ReportResult:
        """Measure, then publish."""
        common: dict[str, Any] = {**self.place, **self.ask, "files": probe.files}

        def measuring(segment: Segment) -> Callable[[], Attempt[MeasureResult]]:
            return lambda: measure_attempt(
                MeasureRequest(
                    segment=segment,
                    trace_id=str(uuid.uuid4()),
                    threads=self.threads,
                    conceal=self.conceal,
                    **common,
                )
            )

        parts = [self.crew.begin("measure", measuring(segment), segment.order) for segment in plan.segments]
        self.crew.wait()
        results = [part.result() for part in parts]
        request = ReportRequest(
            output=wanted.output, replace=wanted.replace, plan=plan, index=probe.index, results=results, **common
        )
        return self.crew.do("report", lambda: report_attempt(request))
