"""The tasks of a job: each runs one verb of the library, imported when it runs and never while DAGs are parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped

from media_airflow.task import JobTask
from media_ops.figures import figures
from media_ops.model import AudioResult, Plan, Segment, SegmentResult
from media_ops.requests import (
    AnalyseResult,
    AudioRequest,
    MergeRequest,
    MergeResult,
    ProbeRequest,
    ProbeResult,
    ProcessRequest,
    Reuse,
    SliceRequest,
    digests_of,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

    from media_airflow.job import Job

PLAN_KEY = "plan"
FOUND_KEY = "found"
LOOKS = ["analyse", "conclude"]


class ProbeOperator(JobTask):
    """Looks at the source and indexes it; refuses a wrong request before any work is done.

    A request that was answered before is answered with that result: the tasks in between are skipped.
    """

    def work(self, job: Job, context: Context) -> Any:
        """Return a `ProbeResult`."""
        from media_ops.recall import Recall
        from media_ops.worker.attempt import probe_attempt

        source = job.source_file()
        wanted = job.wanted(source)
        recall = Recall(job.settings.results, job.algorithm, source, job.options, wanted.container, force=job.force)
        if (record := recall.from_memo()) and (found := recall.publish(record, job.ready(source))):
            self._answer(found, context)
        request = ProbeRequest(
            source=source,
            store=job.settings.store,
            prefix=job.prefix,
            thorough=job.options.on_damage == "conceal",
            algorithm=self.algorithm,
            params=job.params,
            container=wanted.container,
        )
        probe = self.run_attempt(probe_attempt(request), context)
        record = recall.from_digest(probe.sha256, digests_of(probe.files))
        if record and (found := recall.publish(record, job.ready(source))):
            self._answer(found, context)
        fetched = probe.metrics.bytes_read + recall.bytes_read
        probe = probe.model_copy(update={"metrics": probe.metrics.model_copy(update={"bytes_read": fetched})})
        if job.algorithm.looks() == "no" and type(job.algorithm).analyses() != "no":
            # A task cannot both return a result and have others skipped.
            context["ti"].xcom_push(BaseXCom.XCOM_RETURN_KEY, probe.model_dump(mode="json"))
            raise DownstreamTasksSkipped(tasks=LOOKS)  # type: ignore[no-untyped-call]
        return probe.model_dump(mode="json")

    def _answer(self, found: MergeResult, context: Context) -> NoReturn:
        self.log.info("made before, and given again: %s", found.output)
        context["ti"].xcom_push(FOUND_KEY, found.model_dump(mode="json"))
        between = [name for name in context["dag"].task_ids if name not in ("probe", "notify", "published")]
        raise DownstreamTasksSkipped(tasks=between)  # type: ignore[no-untyped-call]


class CutOperator(JobTask):
    """Plans the segments. The list of segments is what Airflow maps over; the rest of the plan lies beside it."""

    template_fields = ("probe",)

    def __init__(self, *, probe: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.probe = probe

    def work(self, job: Job, context: Context) -> Any:
        """Return number, label and length of each segment; the segments lie in the store."""
        from airflow.sdk.configuration import conf

        from media_ops.cut import cut, keep_segments
        from media_ops.storage import open_store

        probe = ProbeResult.model_validate(self.probe)
        settings = job.settings
        plan = cut(
            probe,
            job.algorithm,
            job.options,
            store=settings.store,
            prefix=job.prefix,
            workers=settings.workers,
            most=conf.getint("core", "max_map_length"),
        )
        if job.options.slices == "physical":
            plan = self._sliced(plan, job, context)
        kept = plan.model_copy(update={"looked": []}) if plan.looked == plan.segments else plan
        context["ti"].xcom_push(PLAN_KEY, kept.model_dump(mode="json", exclude={"segments"}))
        keep_segments(plan.segments, open_store(settings.store), job.prefix)
        # Each of the tasks that are mapped over it reads the whole list.
        return [
            {"order": segment.order, "label": segment.label, "frames": segment.end - segment.start}
            for segment in plan.segments
        ]

    def _sliced(self, plan: Plan, job: Job, context: Context) -> Plan:
        from media_ops.slices import parts_of, with_slices
        from media_ops.worker.attempt import slice_attempt

        request = SliceRequest(
            source=job.source_file(), store=job.settings.store, prefix=job.prefix, parts=parts_of(plan)
        )
        return with_slices(plan, self.run_attempt(slice_attempt(request), context))


class ProcessOperator(JobTask):
    """Produces one segment, knowing what was found by the analysis where there was one."""

    template_fields = ("segment", "probe")

    def __init__(self, *, probe: Any, segment: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.probe = probe
        self.segment = segment

    def work(self, job: Job, context: Context) -> Any:
        """Return a `SegmentResult`; where another finishes the same segment first, that one's."""
        from media_airflow.race import raced

        request = process_request(job, self.segment, self.probe, found_before(job, context), self.trace_id)
        request = request.model_copy(update={"fence": self.fence(job, context)})
        return raced(request, lambda attempt: self.run_attempt(attempt, context)).model_dump(mode="json")


def found_before(job: Job, context: Context) -> Any:
    """Ask for what the look at the film found; None where the job has none."""
    how = job.algorithm.looks()
    # Asked for only where there is one: a skipped task's result is an error in Airflow's log.
    return None if how == "no" else context["ti"].xcom_pull(task_ids="analyse" if how == "whole" else "conclude")


def segment_of(job: Job, named: Any) -> Segment:
    """Read the segment that one of the task `cut`'s results names."""
    from media_ops.cut import kept_segment
    from media_ops.storage import open_store

    return kept_segment(open_store(job.settings.store), job.prefix, named["order"])


def process_request(job: Job, segment: Any, probe: Any, found: Any, trace_id: str) -> ProcessRequest:
    """Build the request for a segment out of what the tasks before gave; `found` by an analysis, if there was one."""
    part, probed = segment_of(job, segment), ProbeResult.model_validate(probe)
    return ProcessRequest(
        source=job.source_of(part, probed),
        store=job.settings.store,
        prefix=job.prefix,
        segment=part,
        algorithm=job.algorithm.name(),
        params=job.params,
        files=probed.files,
        artefact=AnalyseResult.model_validate(found).artefact if found else None,
        trace_id=trace_id,
        threads=job.options.threads or 1,
        conceal=job.options.on_damage == "conceal",
        seams=job.options.seams != "off",
        reuse=Reuse(source_sha256=probed.sha256, force=job.force),
    )


class AudioOperator(JobTask):
    """Makes the sound ready while the picture is being worked on; skipped when there is none."""

    template_fields = ("probe",)

    def __init__(self, *, probe: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.probe = probe

    def work(self, job: Job, context: Context) -> Any:
        """Return an `AudioResult`."""
        from media_ops.worker.attempt import audio_attempt

        probe = ProbeResult.model_validate(self.probe)
        if not probe.profile.has_audio:
            raise AirflowSkipException("the source has no sound")
        source = job.source_file()
        request = AudioRequest(
            source=source,
            store=job.settings.store,
            prefix=job.prefix,
            container=job.wanted(source).container,
            beside=probe.beside,
        )
        return self.run_attempt(audio_attempt(request), context).model_dump(mode="json")


class MergeOperator(JobTask):
    """Joins, proves and publishes; the proof stands beside the output."""

    template_fields = ("probe", "plan", "results")

    def __init__(self, *, probe: Any, plan: Any, results: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.probe = probe
        self.plan = plan
        self.results = results

    def work(self, job: Job, context: Context) -> Any:
        """Return a `MergeResult`."""
        from media_airflow.race import count_hedges
        from media_ops.cut import kept_segments
        from media_ops.recall import keeping_of
        from media_ops.storage import open_store
        from media_ops.worker.attempt import merge_attempt

        source = job.source_file()
        wanted = job.ready(source)
        probe = ProbeResult.model_validate(self.probe)
        found = found_before(job, context)
        sound = context["ti"].xcom_pull(task_ids="audio") if probe.profile.has_audio else None
        results = [SegmentResult.model_validate(result) for result in self.results[:]]
        segments = kept_segments(open_store(job.settings.store), job.prefix)
        request = MergeRequest(
            source=source,
            store=job.settings.store,
            prefix=job.prefix,
            output=wanted.output,
            container=wanted.container,
            replace=wanted.replace,
            keeping=keeping_of(
                job.settings.results,
                job.algorithm,
                probe.sha256,
                digests_of(probe.files),
                job.options,
                wanted.container,
                force=job.force,
            ),
            algorithm=self.algorithm,
            params=job.params,
            plan=Plan.model_validate({**self.plan, "segments": segments}),
            index=probe.index,
            results=results,
            files=probe.files,
            artefact=AnalyseResult.model_validate(found).artefact if found else None,
            conceal=job.options.on_damage == "conceal",
            reuse=Reuse(source_sha256=probe.sha256),
            audio=AudioResult.model_validate(sound) if sound else None,
            beside=probe.beside,
            verify=job.options.verify,
            seams=job.options.seams,
            seam_limit_db=job.options.seam_limit_db,
            threads=job.options.threads or 1,
            fence=self.fence(job, context),
        )
        merged = self.run_attempt(merge_attempt(request), context)
        looked = [AnalyseResult.model_validate(found)] if found else []
        costs = [part.metrics for part in (probe, request.plan, *looked, *results, request.audio, merged) if part]
        job_figures = figures(merged.proof, results, costs, merged.metrics.bytes_written) | {
            "hedges": count_hedges(job.settings.store, job.prefix)
        }
        return merged.model_copy(update={"job": job_figures}).model_dump(mode="json")
