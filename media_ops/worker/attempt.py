"""One attempt: a child process that runs one verb and reports progress as JSON lines."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Generic, Literal, TypeVar

from media_ops.account import Account, WitnessRequest
from media_ops.compare import CompareRequest, Comparison
from media_ops.errors import ChildDied, OurError, Stalled, from_record
from media_ops.model import AudioResult, Noun, SegmentResult
from media_ops.proof.report import CheckReport, CheckRequest
from media_ops.requests import (
    AnalyseRequest,
    AnalyseResult,
    AudioRequest,
    ConcludeRequest,
    MergeRequest,
    MergeResult,
    ProbeRequest,
    ProbeResult,
    ProcessRequest,
    SliceRequest,
    SliceResult,
)
from media_ops.settings import Settings
from media_ops.storage.publish import scratch_beside
from media_ops.worker.handover import handed_over
from media_ops.worker.stall import StallWatch

R = TypeVar("R", bound=Noun)
Verb = Literal["probe", "analyse", "conclude", "process", "audio", "merge", "slice", "compare", "check", "witness"]


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

    def run(self, on_progress: Callable[[Progress], None] | None = None) -> R:
        """Start the child, follow it, give its result, or raise the error it reported.

        Raises `ChildDied` when it ended without either, `Stalled` when it had to be ended. Whatever happens, nothing
        of it is left running and its scratch folder is gone.
        """
        with (
            scratch_beside(Path(tempfile.gettempdir()) / "attempt") as scratch,
            tempfile.TemporaryFile("w+", errors="replace") as stderr,
        ):
            started = time.monotonic()
            child = self._start(scratch, stderr)
            try:
                with StallWatch(child.pid, Settings().stall_seconds, self.kill) as watch:
                    answer = self._follow(child, watch, on_progress)
                    child.wait()
            finally:
                self.kill()
                if child.stdout:
                    child.stdout.close()
            if answer is None and watch.reason:
                raise Stalled(f"{self.verb}: the worker process was ended: {watch.reason}")
            if answer is None:
                stderr.seek(0)
                raise ChildDied(_epitaph(self.verb, child.returncode, stderr.read()))
            if "error" in answer:
                raise from_record(answer["error"])
            return _with_cost(self.result.model_validate(answer["result"]), time.monotonic() - started)

    def kill(self) -> None:
        """End the child's whole process group at once; safe to call at any time and from a signal handler."""
        child = self._child
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=5)

    @property
    def pid(self) -> int | None:
        """Process id (and process group id) of the child, once started."""
        return self._child.pid if self._child else None

    def _start(self, scratch: Path, stderr: IO[str]) -> subprocess.Popen[str]:
        # -P: the current folder is no place to import from. The result has a pipe of its own, because a library
        # may print; a child that inherited the parent's stdout would hold an Airflow task's slot.
        command = [sys.executable, "-P", "-m", "media_ops.worker.child", self.verb, str(os.getpid()), str(scratch)]
        # Thread pools and plug-ins that a child does not use would double the cost of its start.
        # Frames are worked on side by side already: OpenCV's own threads cost 2 to 21 % more CPU.
        lean = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYDANTIC_DISABLE_PLUGINS": "__all__"}
        lean |= {"OPENCV_FOR_THREADS_NUM": "1"}
        request, environment = handed_over(self.request.model_dump_json())
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=environment | lean,
            process_group=0,
        )
        assert self._child.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.write(request)
            self._child.stdin.close()
        return self._child

    def _follow(
        self, child: subprocess.Popen[str], watch: StallWatch, on_progress: Callable[[Progress], None] | None
    ) -> dict[str, dict[str, str]] | None:
        assert child.stdout is not None
        answer = None
        for line in child.stdout:
            watch.alive()
            try:
                message = json.loads(line)
            except ValueError as error:  # cut short by a kill
                if not line.endswith("\n"):
                    break
                raise OurError(f"{self.verb}: the child wrote {line[:80]!r}") from error
            if "progress" in message:
                if on_progress:
                    on_progress(Progress(*message["progress"]))
            elif "key" in message:
                self.content_key = message["key"]
            else:
                answer = message
        return answer


def _epitaph(verb: str, status: int | None, stderr: str) -> str:
    how = f"was ended by {signal.Signals(-status).name}" if status and status < 0 else f"ended with {status}"
    last = stderr.strip().splitlines()[-1:] or ["it said nothing"]
    return f"{verb}: the worker process {how}: {last[0]}"


def _with_cost(result: R, wall: float) -> R:
    metrics = getattr(result, "metrics", None)
    if metrics is None:
        return result
    return result.model_copy(update={"metrics": metrics.model_copy(update={"wall_seconds": wall})})


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


def check_attempt(request: CheckRequest) -> Attempt[CheckReport]:
    """Check a proof again."""
    return Attempt("check", request, CheckReport)


def witness_attempt(request: WitnessRequest) -> Attempt[Account]:
    """Decode a file plainly and tell what is in it."""
    return Attempt("witness", request, Account)
