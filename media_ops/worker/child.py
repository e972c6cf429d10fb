"""The child: one verb, one request on stdin, JSON lines on stdout.

{"progress": [done, total]}     now and then
{"alive": [beats, seconds]}     too: pieces of work done, and how long the next may take beyond the usual
{"unconfined": reason}          first, where the child could not be kept from the network
{"key": "..."}                  the content key of what is being made, once, early
{"result": {...}}               or
{"error": {"code", "fate", "message"}}     once, last
"""

from __future__ import annotations

import errno
import json
import os
import re
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any

from media_ops import pulse
from media_ops.errors import LimitExceeded, MediaError, OurError, WorldError
from media_ops.worker.confine import confine
from media_ops.worker.excerpts import beside, sliced
from media_ops.worker.guard import post_guard
from media_ops.worker.limits import Limits, adopt_orphans, die_with
from media_ops.worker.near import near

_PROGRESS_EVERY = 0.2  # seconds
# Any address in a request will do, be it a source, a store or a parameter: then there is a network.
_ADDRESS = re.compile(r'"(https?|s3)://', re.IGNORECASE)


def main() -> int:
    """Run `python -m media_ops.worker.child VERB PARENT_PID SCRATCH LIMITS`."""
    verb, parent, scratch = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    began = time.process_time()
    die_with(parent)
    post_guard()
    adopt_orphans()
    Limits.from_text(sys.argv[4]).impose()
    guarding = time.process_time() - began
    # What a library prints must not mix with the answer.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    pipe = _Pipe(answers)
    pulse.listen(pipe.alive)
    request = sys.stdin.read()
    began = time.process_time()
    if reason := confine(network=bool(_ADDRESS.search(request))):
        pipe.send({"unconfined": reason})
    guarding += time.process_time() - began
    try:
        with (
            sliced(request) as piece,
            near(verb, piece.request, scratch) as asked,
            beside(asked.request),
        ):
            result = _run(verb, asked.request, scratch, pipe.progress, pipe.key)
            if "metrics" in result and (asked.sources or piece.bytes_read):
                result["metrics"]["bytes_read"] = asked.bytes_read + piece.bytes_read
    except MediaError as error:
        pipe.send({"error": (_limit_met(verb, error) or error).to_record()})
    except (OSError, MemoryError) as error:
        met = _limit_met(verb, error) or WorldError(f"{verb}: {type(error).__name__}: {error}")
        pipe.send({"error": met.to_record()})
    except Exception as error:
        import traceback

        traceback.print_exc()
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        pipe.send({"error": OurError(f"{verb}: {type(error).__name__} at {place}: {error}").to_record()})
    else:
        pipe.send({"result": _with_cpu(result, guarding)})
    return 0


def _run(verb: str, request: str, scratch: Path, on_progress: Any, on_key: Any) -> dict[str, Any]:
    from media_ops import requests

    if verb == "process":
        from media_ops.process import process

        asked_for = requests.ProcessRequest.model_validate_json(request)
        return process(asked_for, scratch, on_progress, on_key).model_dump()
    if verb == "analyse":
        from media_ops.analyse import analyse

        to_see = requests.AnalyseRequest.model_validate_json(request)
        return analyse(to_see, scratch, on_progress).model_dump()
    if verb == "conclude":
        from media_ops.analyse import conclude

        return conclude(requests.ConcludeRequest.model_validate_json(request)).model_dump()
    if verb == "merge":
        from media_ops.merge import merge
        from media_ops.process import process

        return merge(requests.MergeRequest.model_validate_json(request), scratch, on_progress, process).model_dump()
    if verb == "audio":
        from media_ops.audio import prepare_audio

        return prepare_audio(requests.AudioRequest.model_validate_json(request), scratch, on_progress).model_dump()
    if verb == "slice":
        from media_ops.slices import slice_source

        return slice_source(requests.SliceRequest.model_validate_json(request), scratch, on_progress).model_dump()
    if verb == "probe":
        from media_ops.probe import probe

        return probe(requests.ProbeRequest.model_validate_json(request), on_progress, scratch).model_dump()
    if verb == "compare":
        from media_ops.compare import CompareRequest, compare

        asked = CompareRequest.model_validate_json(request)
        return compare(
            asked.a, asked.b, min_psnr=asked.min_psnr, exact=asked.exact, on_progress=on_progress
        ).model_dump()
    if verb == "quality":
        from media_ops.measure import measure_films
        from media_ops.quality.report import QualityRequest

        return measure_films(QualityRequest.model_validate_json(request), on_progress).model_dump()
    if verb == "measure":
        from media_ops.measuring import measure_segment

        return measure_segment(requests.MeasureRequest.model_validate_json(request), on_progress).model_dump()
    if verb == "report":
        from media_ops.reporting import report

        return report(requests.ReportRequest.model_validate_json(request), scratch, on_progress).model_dump()
    if verb == "check":
        from media_ops.proof.check import check
        from media_ops.proof.report import CheckRequest

        return check(CheckRequest.model_validate_json(request), scratch, on_progress).model_dump()
    if verb == "witness":
        from media_ops.account import WitnessRequest
        from media_ops.witness import witness

        return witness(WitnessRequest.model_validate_json(request), on_progress).model_dump()
    raise OurError(f"there is no verb {verb!r}")


def _limit_met(verb: str, error: BaseException) -> LimitExceeded | None:
    """Find the kernel's "file too large" behind an error, whoever has put it into other words."""
    behind: BaseException | None = error
    while behind is not None:
        if getattr(behind, "errno", None) == errno.EFBIG:
            most = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
            return LimitExceeded(f"{verb}: a file would become larger than the {most} bytes that it may have")
        behind = behind.__cause__ or behind.__context__
    return None


def _with_cpu(result: dict[str, Any], guarding: float) -> dict[str, Any]:
    if "metrics" not in result:
        return result
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    result["metrics"]["watching_cpu_seconds"] = guarding
    result["metrics"]["cpu_seconds"] = round(sum(u.ru_utime + u.ru_stime for u in used), 3)
    result["metrics"]["peak_bytes"] = 1024 * max(u.ru_maxrss for u in used)
    return result


class _Pipe:
    def __init__(self, answers: Any):
        self._answers = answers
        self._next = 0.0
        self._done = 0
        self._turn = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        with self._turn:
            self._answers.write(json.dumps(message) + "\n")

    def alive(self, beats: int, seconds: float) -> None:
        self.send({"alive": [beats, seconds]})

    def progress(self, done: int, total: int | None = None) -> None:
        if done != self._done:  # less is another count, after the first one
            self._done = done
            pulse.beat()
        now = time.monotonic()
        if now >= self._next or done == total:
            self._next = now + _PROGRESS_EVERY
            self.send({"progress": [done, total]})

    def key(self, key: str) -> None:
        self.send({"key": key})


if __name__ == "__main__":
    sys.exit(main())
