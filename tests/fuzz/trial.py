"""One file through the whole product, and what must hold whatever is in it."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path

from media_ops.worker.limits import die_with
from tests.fuzz.warm import fork_attempts, load

PATIENCE = 60.0  # seconds for one file; a sound one of this size takes 2
MEMORY = 1536  # MiB resident in any worker


@dataclass
class Verdict:
    """How a job on one file ended; `violation` says which promise it broke, if any."""

    outcome: str = "crashed"
    message: str = ""
    seconds: float = 0.0
    peak_mib: int = 0
    violation: str | None = None


def tried(source: Path, folder: Path, *, warm: bool = True) -> Verdict:
    """Run the job in a process of its own, which can be stopped; nothing is left of it in `folder`."""
    load()
    answers, writes = os.pipe()
    started = time.monotonic()
    folder.mkdir()
    parent, pid = os.getpid(), os.fork()
    if not pid:
        try:
            die_with(parent)
            os.close(answers)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            os.write(writes, json.dumps(asdict(_trial(source, folder, warm))).encode())
        finally:
            os._exit(0)
    os.close(writes)
    status = _wait(pid)
    text = os.read(answers, 1 << 16)
    os.close(answers)
    shutil.rmtree(folder, ignore_errors=True)
    verdict = Verdict(**json.loads(text)) if text else Verdict()
    verdict.seconds = round(time.monotonic() - started, 2)
    if status is None:
        verdict.outcome, verdict.violation = "hung", f"no end within {PATIENCE:g} s"
    elif not text:
        verdict.violation = f"the tool itself ended with {status}"
    return verdict


def _wait(pid: int) -> int | None:
    """Give the exit code; None, and the process killed, when it lasts too long. Its children die with it."""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def _trial(source: Path, folder: Path, warm: bool) -> Verdict:
    verdict = Verdict()
    os.environ["MEDIA_OPS_TRIES"] = "1"
    try:
        if warm:
            fork_attempts()
        _judge(source, folder / "output.mp4", verdict)
    except BaseException as error:
        place = traceback.extract_tb(sys.exc_info()[2])[-1]
        verdict.violation = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}: {error}"
    verdict.peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    if verdict.peak_mib > MEMORY and verdict.violation is None:
        verdict.violation = f"{verdict.peak_mib} MiB of memory"
    return verdict


def _judge(source: Path, output: Path, verdict: Verdict) -> None:
    from media_ops.compare import CompareRequest
    from media_ops.errors import MediaError
    from media_ops.model import JobOptions
    from media_ops.run import run
    from media_ops.worker.attempt import compare_attempt

    options, params = JobOptions(segments=3), {"preset": "ultrafast", "crf": 16}
    report = run("transcode_h264", [str(source)], str(output), params, options, workers=1)
    if report.error and "there must be a frame for each" in report.error["message"]:
        whole = JobOptions(whole=True)
        report = run("transcode_h264", [str(source)], str(output), params, whole, workers=1)
    verdict.outcome = report.error["code"] if report.error else report.outcome
    if report.error:
        verdict.message = report.error["message"]
        if report.error["code"] == "our_error":
            verdict.violation = f"no error of our own making: {verdict.message}"
        if output.exists():
            verdict.violation = "a result was published in spite of the error"
        return
    try:
        found = compare_attempt(CompareRequest(a=str(source), b=str(output))).run()
    except MediaError as error:
        verdict.violation = f"a success that cannot be compared: {error.code}: {error}"
        return
    if found.differences:
        verdict.violation = f"a success that compare refutes: {found.differences[:3]}"
