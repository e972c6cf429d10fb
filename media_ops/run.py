"""A whole job on this machine, without Airflow: probe, cut, audio beside process, merge."""

from __future__ import annotations

import contextlib
import resource
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from media_ops.algorithm import Algorithm
from media_ops.asked import destination_of, taken
from media_ops.crew import Crew, Event
from media_ops.encoders.chosen import check_container
from media_ops.errors import MediaError
from media_ops.model import AudioResult, JobOptions, Plan, Proof, RunReport, Segment, SegmentResult
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
    meter = _Meter()
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
        destination = destination_of(output, source, replace)
        check_container(ready, destination.suffix)
        with scratch_beside(destination) as scratch, Crew(workers, on_event) as crew:
            job = _Job(ready, params, source, scratch, options, crew, trial, meter)
            duration = job.work(destination, replace, draft)
    except MediaError as error:
        return RunReport(**draft, outcome="failed", metrics=meter.read(), error=error.to_record())
    metrics = meter.read() | _figures(draft["proof"], draft["proof"].source_size) | _work_figures(job.results)
    metrics["bytes_read"] = job.bytes_read
    metrics["speed"] = round(duration / metrics["wall_seconds"], 3)
    return RunReport(**draft, outcome="succeeded", outputs=[str(destination)], metrics=metrics)


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
        meter: _Meter,
    ) -> None:
        self.algorithm = algorithm
        self.params = params
        self.source = source
        self.store, self.kept = str(scratch / "store"), str(scratch / "source")
        self.bytes_read = 0
        self.options = options
        self.crew = crew
        self.trial = trial
        self.meter = meter
        self.results: list[SegmentResult] = []

    def work(self, destination: Path, replace: bool, draft: dict[str, Any]) -> float:
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
            container=destination.suffix,
        )
        with self.meter.stage("probe"):
            probe = self.crew.do("probe", lambda: probe_attempt(request))
        plan = self._cut(probe)
        draft["slicing"] = plan.slicing
        draft["warnings"] += plan.warnings
        with self.meter.stage("analyse"):
            artefact = self._look(probe, plan)
        with self.meter.stage("process"):
            audio, results = self._produce(probe, plan, artefact, destination.suffix.lower())
        self.results = results
        with self.meter.stage("merge"):
            merged = self.crew.do(
                "merge", lambda: merge_attempt(self._merging(probe, plan, audio, results, destination, replace))
            )
        self.bytes_read += sum(p.metrics.bytes_read for p in (probe, *results, audio, merged) if p)
        for warning in [w for part in (*results, audio, merged) if part for w in part.warnings]:
            if warning not in draft["warnings"]:
                draft["warnings"].append(warning)
        draft["proof"], draft["proof_file"] = merged.proof, merged.proof_file
        if self.trial:
            self.trial.made(Made(self.store, probe, results, audio, merged))
        return probe.duration

    def _cut(self, probe: ProbeResult) -> Plan:
        from media_ops.cut import cut

        where = {"store": self.store, "prefix": _PREFIX}
        plan = cut(probe, self.algorithm, self.options, **where, workers=self.crew.workers)
        if self.options.slices == "physical":
            plan = self._sliced(plan)
        for segment in plan.segments:
            self.crew.tell(
                Event("process", "planned", segment.order, total=segment.end - segment.start, message=segment.label)
            )
        return plan

    def _sliced(self, plan: Plan) -> Plan:
        from media_ops.slices import parts_of, with_slices

        request = SliceRequest(
            source=self.source, kept=self.kept, store=self.store, prefix=_PREFIX, parts=parts_of(plan)
        )
        with self.meter.stage("slice"):
            made = self.crew.do("slice", lambda: slice_attempt(request))
        self.bytes_read += made.metrics.bytes_read
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
        self.bytes_read += sum(part.result().metrics.bytes_read for part in parts)
        found = [part.result().artefact for part in parts]
        if self.algorithm.analyses() == "whole":
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
        )

    def _merging(
        self,
        probe: ProbeResult,
        plan: Plan,
        audio: AudioResult | None,
        results: list[SegmentResult],
        destination: Path,
        replace: bool,
    ) -> MergeRequest:
        return MergeRequest(
            source=self.source,
            kept=self.kept,
            store=self.store,
            prefix=_PREFIX,
            output=str(destination),
            replace=replace,
            algorithm=self.algorithm.name(),
            params=self.params,
            plan=plan,
            index=probe.index,
            results=results,
            files=probe.files,
            audio=audio,
            beside=probe.beside,
            verify=self.options.verify,
            threads=self._threads(plan),
        )

    def _threads(self, plan: Plan) -> int:
        """Segments share the cores; one piece has them all."""
        return self.options.threads or (1 if plan.slicing.used else min(64, self.crew.workers))


class _Meter:
    """Wall time, of each stage too, and the CPU time of this process and of its ended children, from now on."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.monotonic(), cpu_seconds()
        self._stages: dict[str, float] = {}

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self._stages[f"{name}_wall_seconds"] = round(time.monotonic() - began, 3)

    def read(self) -> dict[str, float]:
        wall = time.monotonic() - self._wall
        return {"wall_seconds": round(wall, 3), "cpu_seconds": round(cpu_seconds() - self._cpu, 3)} | self._stages


def _figures(proof: Proof, bytes_in: int) -> dict[str, float]:
    return {
        "frames": proof.frames_out,
        "bytes_in": bytes_in,
        "bytes_out": proof.output_size,
        "compression_ratio": round(proof.output_size / bytes_in, 4),
    }


def _work_figures(results: Sequence[SegmentResult]) -> dict[str, float]:
    """What a frame algorithm cost, and what bringing its pictures into arrays and back did; nothing for others."""
    megapixels = sum(result.metrics.megapixel_frames for result in results)
    if not megapixels:
        return {}
    inside = sum(result.metrics.algorithm_cpu_seconds for result in results)
    moving = sum(result.metrics.moving_cpu_seconds for result in results)
    return {
        "algorithm_cpu_seconds_per_megapixel_frame": round(inside / megapixels, 6),
        "moving_cpu_seconds_per_megapixel_frame": round(moving / megapixels, 6),
    }


def cpu_seconds() -> float:
    """User and system seconds of this process and all its ended children so far."""
    usages = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
