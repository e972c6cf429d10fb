"""The tasks of a job that measures: its segments, then the document that says what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from media_airflow.operators import segment_of
from media_airflow.task import JobTask
from media_ops.model import Plan
from media_ops.requests import MeasureRequest, MeasureResult, ProbeResult, ReportRequest

if TYPE_CHECKING:
    from airflow.sdk import Context

    from media_airflow.job import Job


class MeasureOperator(JobTask):
    """Measures one segment of what was made of the source."""

    template_fields = ("segment", "earlier", "probe")

    def __init__(self, *, probe: Any, segment: Any, earlier: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.probe = probe
        self.segment = segment
        self.earlier = earlier

    def work(self, job: Job, context: Context) -> Any:
        """Return a `MeasureResult`."""
        from media_ops.worker.attempt import measure_attempt

        part, probe = segment_of(job, self.segment), ProbeResult.model_validate(self.probe)
        request = MeasureRequest(
            source=job.source_of(part, probe),
            store=job.settings.store,
            prefix=job.prefix,
            segment=part,
            algorithm=self.algorithm,
            params=job.params,
            files=probe.files,
            trace_id=self.trace_id,
            threads=job.options.threads or 1,
            conceal=job.options.on_damage == "conceal",
        )
        return self.run_attempt(measure_attempt(request), context).model_dump(mode="json")


class ReportOperator(JobTask):
    """Joins what was measured, checks that each frame was measured once, and publishes the document."""

    template_fields = ("probe", "plan", "results")

    def __init__(self, *, probe: Any, plan: Any, results: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.probe = probe
        self.plan = plan
        self.results = results

    def work(self, job: Job, context: Context) -> Any:
        """Return a `ReportResult`."""
        from media_ops.cut import kept_segments
        from media_ops.storage import open_store
        from media_ops.worker.attempt import report_attempt

        source = job.source_file()
        wanted, probe = job.ready(source), ProbeResult.model_validate(self.probe)
        results = [MeasureResult.model_validate(result) for result in self.results[:]]
        segments = kept_segments(open_store(job.settings.store), job.prefix)
        request = ReportRequest(
            source=source,
            store=job.settings.store,
            prefix=job.prefix,
            output=wanted.output,
            replace=wanted.replace,
            algorithm=self.algorithm,
            params=job.params,
            plan=Plan.model_validate({**self.plan, "segments": segments}),
            index=probe.index,
            results=results,
            files=probe.files,
            fence=self.fence(job, context),
        )
        found = self.run_attempt(report_attempt(request), context)
        costs = [probe.metrics, request.plan.metrics, *(result.metrics for result in results), found.metrics]
        figures = {
            "frames": found.frames,
            "bytes_read": sum(cost.bytes_read for cost in costs),
            "cpu_seconds": round(sum(cost.cpu_seconds for cost in costs), 2),
        }
        means = {f"mean_{name}": mean for name, mean in found.summary.items()}
        return found.model_copy(update={"job": figures | means}).model_dump(mode="json")
