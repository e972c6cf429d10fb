"""The tasks that look at a film before it is worked on, for algorithms that want to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from media_airflow.operators import PLAN_KEY, segment_of
from media_airflow.task import JobTask
from media_ops.model import Segment
from media_ops.requests import AnalyseRequest, AnalyseResult, ConcludeRequest, ProbeResult

if TYPE_CHECKING:
    from airflow.sdk import Context

    from media_airflow.job import Job


class AnalyseOperator(JobTask):
    """Looks at one segment before any is processed, or, where none is given, at the whole film."""

    template_fields = ("segment", "earlier", "probe")

    def __init__(self, *, probe: Any, earlier: dict[str, Any], segment: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.probe = probe
        self.earlier = earlier
        self.segment = segment

    def work(self, job: Job, context: Context) -> Any:
        """Return an `AnalyseResult`."""
        from media_ops.worker.attempt import analyse_attempt

        probe = ProbeResult.model_validate(self.probe)
        if self.segment:
            segment = segment_of(job, self.segment)
        else:
            plan = context["ti"].xcom_pull(task_ids="cut", key=PLAN_KEY)
            segment = Segment.model_validate(plan["looked"][0])
        request = AnalyseRequest(
            source=job.source_of(segment, probe),
            store=job.settings.store,
            prefix=job.prefix,
            segment=segment,
            algorithm=self.algorithm,
            params=job.params,
            files=probe.files,
            trace_id=self.trace_id,
            threads=job.options.threads or 1,
            conceal=job.options.on_damage == "conceal",
        )
        return self.run_attempt(analyse_attempt(request), context).model_dump(mode="json")


class ConcludeOperator(JobTask):
    """Joins what was found in the segments."""

    template_fields = ("earlier", "probe")

    def __init__(self, *, probe: Any, earlier: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.probe = probe
        self.earlier = earlier

    def work(self, job: Job, context: Context) -> Any:
        """Return an `AnalyseResult`."""
        from media_ops.worker.attempt import conclude_attempt

        parts = [AnalyseResult.model_validate(part) for part in self.earlier["analyse"][:]]
        request = ConcludeRequest(
            store=job.settings.store,
            prefix=job.prefix,
            algorithm=self.algorithm,
            params=job.params,
            parts=[part.artefact for part in parts],
            trace_id=self.trace_id,
        )
        joined = self.run_attempt(conclude_attempt(request), context)
        fetched = sum(part.metrics.bytes_read for part in parts)  # the merge hears of this result only
        metrics = joined.metrics.model_copy(update={"bytes_read": fetched})
        return joined.model_copy(update={"metrics": metrics}).model_dump(mode="json")
