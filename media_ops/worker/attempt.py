"""One attempt: a child process that runs one verb and reports progress as JSON lines."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Generic, Literal, TypeVar

from media_ops.account import Account, WitnessRequest
from media_ops.compare import CompareRequest, Comparison
from media_ops.errors import OurError, from_record
from media_ops.model import AudioResult, Noun, SegmentResult
from media_ops.proof.report import CheckReport, CheckRequest
from media_ops.quality.report import QualityReport, QualityRequest
from media_ops.requests import (
    AnalyseRequest,
    AnalyseResult,
    AudioRequest,
    ConcludeRequest,
    MeasureRequest,
    MeasureResult,
    MergeRequest,
    MergeResult,
    ProbeRequest,
    ProbeResult,
    ProcessRequest,
    ReportRequest,
    ReportResult,
    SliceRequest,
    SliceResult,
)
from media_ops.storage.publish import scratch_beside
from media_ops.worker.bounds import bounds_for, limits
from media_ops.worker.death import Death
from media_ops.worker.handover import handed_over
from media_ops.worker.watch import Watch

R = TypeVar("R", bound=Noun)
Verb = Literal[
    "probe",
    "analyse",
    "conclude",
    "process",
    "audio",
    "merge",
    "slice",
    "compare",
    "quality",
    "measure",
    "report",
    "check",
    "witness",
]


@dataclass(frozen=True)
class Progress:
    """Work done so far; `total` is None while it is unknown. The unit is frames, or packets while indexing."""

    done: int
    total: int | None = None


class Attempt(Generic[R]):
    """Run `verb` on `request` in a process of its own: own group, dies with its parent, limits, lean imports.

    Start and wait from the same thread: the kernel ties the child's life to the thread that made it.
    """

    def __init__(self, verb: Verb, request: Noun, result: type[R]):
        self.verb = verb
        self.request = request
        self.result = result
        self.content_key: str | None = None  # of what is being made, once the child has said it
        self._child: subprocess.Popen[str] | None = None
        self._handed = request.model_dump_json()
        self._killed = self._over = False

    def run(self, on_progress: Callable[[Progress], None] | None = None) -> R:
        """Start the child, follow it, give its result, or raise the error it reported.

        Raises `ChildDied` when it ended without either; `Stalled` or `MemoryExceeded` when it had to be ended, and
        `LimitExceeded` when the kernel did that. Whatever happens, nothing of it is left running and its scratch
        folder is gone.
        """
        with (
            scratch_beside(Path(tempfile.gettempdir()) / "attempt") as scratch,
            tempfile.TemporaryFile("w+", errors="replace") as stderr,
        ):
            started, death = time.monotonic(), Death(self.verb)
            child = self._start(scratch, stderr)
            try:
                with Watch(self.verb, child.pid, bounds_for(self._handed), self._end) as watch:
                    _hand_in(child, self._handed)
                    answer = self._follow(child, watch, on_progress)
                    # Not reaped yet: until then the group's number is nobody else's.
                    with contextlib.suppress(ChildProcessError):  # somebody else has ended the attempt
                        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
            finally:
                ours = self._killed
                self.kill()
                self._over = True
                if child.stdout:
                    child.stdout.close()
            if answer is None and watch.error:
                raise watch.error
            if answer is None:
                stderr.seek(0)
                raise death.explained(child.returncode, stderr.read(), ours=ours)
            if "error" in answer:
                raise from_record(answer["error"])
            wall = time.monotonic() - started
            return _with_cost(self.result.model_validate(answer["result"]), wall, watch.cpu_seconds)

    def kill(self) -> None:
        """End the child's whole process group at once; safe to call at any time and from a signal handler."""
        if self._child is not None and not self._over:
            self._end()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(timeout=5)

    def _end(self) -> None:
        self._killed = True
        if self._child is not None and self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal.SIGKILL)

    @property
    def pid(self) -> int | None:
        """Process id (and process group id) of the child, once started."""
        return self._child.pid if self._child else None

    def _start(self, scratch: Path, stderr: IO[str]) -> subprocess.Popen[str]:
        # -P: the current folder is no place to import from. The result has a pipe of its own, because a library
        # may print; a child that inherited the parent's stdout would hold an Airflow task's slot.
        command = [sys.executable, "-P", "-m", "media_ops.worker.child", self.verb, str(os.getpid()), str(scratch)]
        command.append(limits().to_text())
        # Thread pools and plug-ins that a child does not use would double the cost of its start.
        # Frames are worked on side by side already: OpenCV's own threads cost 2 to 21 % more CPU.
        lean = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYDANTIC_DISABLE_PLUGINS": "__all__"}
        lean |= {"OPENCV_FOR_THREADS_NUM": "1"}
        self._handed, environment = handed_over(self._handed)
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=environment | lean,
            process_group=0,
        )
        return self._child

    def _follow(
        self, child: subprocess.Popen[str], watch: Watch, on_progress: Callable[[Progress], None] | None
    ) -> dict[str, dict[str, str]] | None:
        assert child.stdout is not None
        answer = None
        for line in child.stdout:
            try:
                message = json.loads(line)
            except ValueError as error:  # cut short by a kill
                if not line.endswith("\n"):
                    break
                raise OurError(f"{self.verb}: the child wrote {line[:80]!r}") from error
            if "alive" in message:
                watch.alive(*message["alive"])
            elif "unconfined" in message:
                _warn_once(message["unconfined"])
            elif "progress" in message:
                progress = Progress(*message["progress"])
                watch.progress(progress.done)
                if on_progress:
                    on_progress(progress)
            elif "key" in message:
                self.content_key = message["key"]
            else:
                answer = message
        return answer


def _hand_in(child: subprocess.Popen[str], request: str) -> None:
    if child.stdin:
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write(request)
            child.stdin.close()


@cache
def _warn_once(reason: str) -> None:
    logging.getLogger(__name__).warning("worker processes are not kept from the network: %s", reason)


def _with_cost(result: R, wall: float, watching: float) -> R:
    metrics = getattr(result, "metrics", None)
    if metrics is None:
        return result
    cost = {"wall_seconds": wall, "watching_cpu_seconds": round(metrics.watching_cpu_seconds + watching, 4)}
    return result.model_copy(update={"metrics": metrics.model_copy(update=cost)})


def probe_attempt(request: ProbeRequest) -> Attempt[ProbeResult]:
    """Describe and index a source."""
    return Attempt("probe", request, ProbeResult)


def analyse_attempt(request: AnalyseRequest) -> Attempt[AnalyseResult]:
    """Look at a part of a source."""
    return Attempt("analyse", request, AnalyseResult)


def conclude_attempt(request: ConcludeRequest) -> Attempt[AnalyseResult]:
    """Join what was found in the parts."""
    return Attempt("conclude", request, AnalyseResult)


def process_attempt(request: ProcessRequest) -> Attempt[SegmentResult]:
    """Produce one segment."""
    return Attempt("process", request, SegmentResult)


def slice_attempt(request: SliceRequest) -> Attempt[SliceResult]:
    """Cut the bytes of segments out of a source."""
    return Attempt("slice", request, SliceResult)


def audio_attempt(request: AudioRequest) -> Attempt[AudioResult]:
    """Prepare the sound."""
    return Attempt("audio", request, AudioResult)


def merge_attempt(request: MergeRequest) -> Attempt[MergeResult]:
    """Join, prove and publish."""
    return Attempt("merge", request, MergeResult)


def compare_attempt(request: CompareRequest) -> Attempt[Comparison]:
    """Compare two files."""
    return Attempt("compare", request, Comparison)


def measure_attempt(request: MeasureRequest) -> Attempt[MeasureResult]:
    """Measure one segment."""
    return Attempt("measure", request, MeasureResult)


def report_attempt(request: ReportRequest) -> Attempt[ReportResult]:
    """Join what was measured, and publish it."""
    return Attempt("report", request, ReportResult)


def quality_attempt(request: QualityRequest) -> Attempt[QualityReport]:
    """Measure a film against its source."""
    return Attempt("quality", request, QualityReport)


def check_attempt(request: CheckRequest) -> Attempt[CheckReport]:
    """Check a proof again."""
    return Attempt("check", request, CheckReport)


def witness_attempt(request: WitnessRequest) -> Attempt[Account]:
    """Decode a file plainly and tell what is in it."""
    return Attempt("witness", request, Account)
