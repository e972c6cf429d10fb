"""A whole job on this machine, without Airflow: probe, cut, audio beside process, merge."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from media_ops.algorithm import Algorithm, MeasureAlgorithm
from media_ops.asked import destinations_of, taken
from media_ops.crew import Crew, Event, Stage
from media_ops.encoders.chosen import check_container
from media_ops.errors import MediaError
from media_ops.figures import figures
from media_ops.measured_job import MeasuredJob
from media_ops.meter import Meter
from media_ops.model import AudioResult, JobOptions, Metrics, Plan, RunReport, Segment, SegmentResult
from media_ops.publishing import Wanted
from media_ops.registry import get
from media_ops.requests import (
    AnalyseRequest,
    AnalyseResult,
    AudioRequest,
    ConcludeRequest,
    MergeRequest,
    ProbeRequest,
    ProbeResult,
    ProcessRequest,
    SliceRequest,
)
from media_ops.storage.far import shown
from media_ops.storage.publish import scratch_beside
from media_ops.trial import Made, Trial
from media_ops.worker.attempt import (
    Attempt,
    analyse_attempt,
    audio_attempt,
    conclude_attempt,
    merge_attempt,
    probe_attempt,
    process_attempt,
    slice_attempt,
)

_PREFIX = "job"


def run(
    algorithm: str,
    inputs: list[str],
    output: str,
    params: dict[str, Any],
    options: JobOptions,
    *,
    workers: int,
    replace: bool = True,
    on_event: Callable[[Event], None] | None = None,
    trial: Trial | None = None,
) -> RunReport:
    """Do one job and report it; a `MediaError` becomes a report of the outcome `failed`.

    `on_event` is called from several threads, one at a time. Whatever ends the job, no process and no temporary file
    of it remains, and the output is there whole or as it was before. `trial` looks over the job's shoulder.
    """
    meter = Meter()
    duration = 0.0
    draft: dict[str, Any] = {
        "algorithm": {"name": algorithm, "version": ""},
        "inputs": list(map(shown, inputs)),
        "warnings": [],
    }
    try:
        kind = get(algorithm)
        draft["algorithm"]["version"] = kind.version
        source, params = taken(kind, inputs, params)
        ready = kind.from_params(params)
        wanted = destinations_of(ready, output, source, replace)
        check_container(ready, wanted.container)
        beside = wanted.path or Path(tempfile.gettempdir()) / "job"
        with scratch_beside(beside) as scratch, Crew(workers, on_event) as crew:
            job = _Job(ready, params, source, scratch, options, crew, trial, meter)
            duration = job.work(wanted, draft)
    except MediaError as error:
        return RunReport(**draft, outcome="failed", metrics=meter.read(), error=error.to_record())
    proved = draft.get("proof")
    metrics = meter.read() | (figures(proved, job.results, job.costs, job.written) if proved else job.told)
    metrics["speed"] = round(duration / metrics["wall_seconds"], 3)
    return RunReport(**draft, outcome="succeeded", metrics=metrics)


class _Job:
    def __init__(
        self,
        algorithm: Algorithm,
        params: dict[str, Any],
        source: str,
        scratch: Path,
        options: JobOptions,
        crew: Crew,
        trial: Trial | None,
        meter: Meter,
    ) -> None:
        self.algorithm = algorithm
        self.params = params
        self.source = source
        self.store, self.kept = str(scratch / "store"), str(scratch / "source")
        self.costs: list[Metrics] = []
        self.options = options
        self.crew = crew
        self.trial = trial
        self.meter = meter
        self.results: list[SegmentResult] = []
        self.told: dict[str, float] = {}
        self.written = 0

    def work(self, wanted: Wanted, draft: dict[str, Any]) -> float:
        """Go through the verbs, note in `draft` what is known as soon as it is, give the source's seconds."""
        if self.trial:
            self.trial.began(self.crew)
        request = ProbeRequest(
            source=self.source,
            kept=self.kept,
            store=self.store,
            prefix=_PREFIX,
            thorough=self.options.on_damage == "conceal",
            first_frames=self.trial.first_frames if self.trial else None,
            algorithm=self.algorithm.name(),
            params=self.params,
            container=wanted.container,
        )
        with self.meter.stage("probe"):
            probe = self.crew.do("probe", lambda: probe_attempt(request))
        plan = self._cut(probe)
        draft["slicing"] = plan.slicing
        draft["warnings"] += plan.warnings
        if isinstance(self.algorithm, MeasureAlgorithm):
            return self._measured(probe, plan, wanted, draft)
        with self.meter.stage("analyse"):
            artefact = self._look(probe, plan)
        with self.meter.stage("process"):
            audio, results = self._produce(probe, plan, artefact, wanted.container)
        self.results = results
        with self.meter.stage("merge"):
            merging = self._merging(probe, plan, artefact, audio, results, wanted)
            merged = self.crew.do("merge", lambda: merge_attempt(merging))
        self.costs += [part.metrics for part in (probe, plan, *results, audio, merged) if part]
        self.written = merged.metrics.bytes_written
        others = [other for result in results for other in result.others]
        for warning in [w for part in (*results, *others, audio, merged) if part for w in part.warnings]:
            if warning not in draft["warnings"]:
                draft["warnings"].append(warning)
        draft["outputs"] = merged.outputs or [merged.output]
        draft["manifest"] = merged.output if merged.outputs else None
        draft["proof"], draft["proof_file"] = merged.proof, merged.proof_file
        if self.trial:
            self.trial.made(Made(self.store, probe, results, audio, merged))
        return probe.duration

    def _measured(self, probe: ProbeResult, plan: Plan, wanted: Wanted, draft: dict[str, Any]) -> float:
        """Measure instead of processing; the result is a document, which has no proof beside it but in it."""
        job = MeasuredJob(
            self.crew,
            {"source": self.source, "kept": self.kept, "store": self.store, "prefix": _PREFIX},
            {"algorithm": self.algorithm.name(), "params": self.params},
            self._threads(plan),
            self.options.on_damage == "conceal",
        )
        with self.meter.stage("measure"):
            report = job.work(probe, plan, wanted)
        self.told = {"frames": report.frames} | {f"mean_{name}": mean for name, mean in report.summary.items()}
        draft["outputs"] = [report.output, *report.files]
        draft["warnings"] += [said for said in report.warnings if said not in draft["warnings"]]
        return probe.duration

    def _cut(self, probe: ProbeResult) -> Plan:
        from media_ops.cut import cut

        plan = cut(probe, self.algorithm, self.options, store=self.store, prefix=_PREFIX, workers=self.crew.workers)
        if self.options.slices == "physical":
            plan = self._sliced(plan)
        stage: Stage = "measure" if isinstance(self.algorithm, MeasureAlgorithm) else "process"
        for segment in plan.segments:
            self.crew.tell(
                Event(stage, "planned", segment.order, total=segment.end - segment.start, message=segment.label)
            )
        return plan

    def _sliced(self, plan: Plan) -> Plan:
        from media_ops.slices import parts_of, with_slices

        request = SliceRequest(
            source=self.source, kept=self.kept, store=self.store, prefix=_PREFIX, parts=parts_of(plan)
        )
        with self.meter.stage("slice"):
            made = self.crew.do("slice", lambda: slice_attempt(request))
        return with_slices(plan, made)

    def _look(self, probe: ProbeResult, plan: Plan) -> str | None:
        """Let the algorithm look at the film first, if it wants to; give the key of what it found."""
        if not plan.looked:
            return None
        common: dict[str, Any] = {
            "store": self.store,
            "prefix": _PREFIX,
            "algorithm": self.algorithm.name(),
            "params": self.params,
        }
        threads, conceal = self._threads(plan), self.options.on_damage == "conceal"

        def looking(segment: Segment) -> Callable[[], Attempt[AnalyseResult]]:
            request = AnalyseRequest(
                source=self.source,
                kept=self.kept,
                segment=segment,
                files=probe.files,
                trace_id=str(uuid.uuid4()),
                threads=threads,
                conceal=conceal,
                **common,
            )
            return lambda: analyse_attempt(request)

        parts = [self.crew.begin("analyse", looking(segment), segment.order) for segment in plan.looked]
        self.crew.wait()
        self.costs += [part.result().metrics for part in parts]
        found = [part.result().artefact for part in parts]
        if self.algorithm.looks() == "whole":
            return found[0]
        joined = ConcludeRequest(parts=found, trace_id=str(uuid.uuid4()), **common)
        return self.crew.do("conclude", lambda: conclude_attempt(joined)).artefact

    def _produce(
        self, probe: ProbeResult, plan: Plan, artefact: str | None, container: str
    ) -> tuple[AudioResult | None, list[SegmentResult]]:
        request = AudioRequest(
            source=self.source,
            kept=self.kept,
            store=self.store,
            prefix=_PREFIX,
            container=container,
            beside=probe.beside,
        )
        audio = self.crew.begin("audio", lambda: audio_attempt(request)) if probe.profile.has_audio else None

        def processing(segment: Segment) -> Callable[[], Attempt[SegmentResult]]:
            return lambda: process_attempt(self._segment(segment, plan, probe, artefact))

        segments = [self.crew.begin("process", processing(segment), segment.order) for segment in plan.segments]
        self.crew.wait()
        return (audio.result() if audio else None), [segment.result() for segment in segments]

    def _segment(self, segment: Segment, plan: Plan, probe: ProbeResult, artefact: str | None) -> ProcessRequest:
        return ProcessRequest(
            source=self.source,
            kept=self.kept,
            store=self.store,
            prefix=_PREFIX,
            segment=segment,
            algorithm=self.algorithm.name(),
            params=self.params,
            files=probe.files,
            artefact=artefact,
            trace_id=str(uuid.uuid4()),
            threads=self._threads(plan),
            conceal=self.options.on_damage == "conceal",
            digests=self.trial is not None,
            seams=self.options.seams != "off",
        )

    def _merging(
        self,
        probe: ProbeResult,
        plan: Plan,
        artefact: str | None,
        audio: AudioResult | None,
        results: list[SegmentResult],
        wanted: Wanted,
    ) -> MergeRequest:
        return MergeRequest(
            source=self.source,
            kept=self.kept,
            store=self.store,
            prefix=_PREFIX,
            output=wanted.output,
            container=wanted.container,
            replace=wanted.replace,
            algorithm=self.algorithm.name(),
            params=self.params,
            plan=plan,
            index=probe.index,
            results=results,
            files=probe.files,
            artefact=artefact,
            conceal=self.options.on_damage == "conceal",
            audio=audio,
            beside=probe.beside,
            verify=self.options.verify,
            seams=self.options.seams,
            seam_limit_db=self.options.seam_limit_db,
            threads=self._threads(plan),
        )

    def _threads(self, plan: Plan) -> int:
        """Segments share the cores; one piece has them all."""
        return self.options.threads or (1 if plan.slicing.used else min(64, self.crew.workers))
