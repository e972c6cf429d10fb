"""One child per attempt: its answer, its errors, its death, and that nothing of it stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from media_ops.errors import ChildDied, NotMedia, SourceNotFound
from media_ops.model import JobOptions, Plan
from media_ops.requests import ProbeRequest, ProbeResult, ProcessRequest
from media_ops.worker.attempt import Progress, probe_attempt, process_attempt

Clip = Callable[[str], Path]


def probed(source: Path, store: Path) -> ProbeResult:
    return probe_attempt(ProbeRequest(source=str(source), store=str(store), prefix="job")).run()


def planned(probe: ProbeResult, store: Path) -> Plan:
    from media_ops.cut import cut
    from media_ops.registry import get

    algorithm = get("transcode_h264").from_params({})
    return cut(probe, algorithm, JobOptions(segments=2), store=str(store), prefix="job", workers=2)


def request(source: Path, store: Path) -> ProcessRequest:
    plan = planned(probed(source, store), store)
    return ProcessRequest(
        source=str(source),
        store=str(store),
        prefix="job",
        segment=plan.segments[0],
        algorithm="transcode_h264",
        params={"preset": "veryslow"},
        trace_id="t",
    )


def test_the_answer_and_its_cost(clip: Clip, tmp_path: Path, scratch: Path) -> None:
    result = probed(clip("plain.mp4"), tmp_path / "store")
    assert (result.frames, result.index_by) == (200, "packets")
    assert result.metrics.cpu_seconds > 0
    assert result.metrics.wall_seconds > 0
    assert list(scratch.iterdir()) == []


def test_progress_comes_while_it_works(clip: Clip, tmp_path: Path) -> None:
    seen: list[Progress] = []
    process_attempt(request(clip("plain.mp4"), tmp_path / "store")).run(seen.append)
    assert seen[-1].done == seen[-1].total == 100
    assert [p.done for p in seen] == sorted(p.done for p in seen)


def test_errors_come_back_as_themselves(tmp_path: Path, scratch: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no film at all")
    with pytest.raises(NotMedia, match=r"text\.mp4"):
        probed(text, tmp_path / "store")
    with pytest.raises(SourceNotFound):
        probed(tmp_path / "missing.mp4", tmp_path / "store")
    assert list(scratch.iterdir()) == []


def test_a_killed_child_is_the_worlds_fault_and_leaves_nothing(clip: Clip, tmp_path: Path, scratch: Path) -> None:
    attempt = process_attempt(request(clip("plain.mp4"), tmp_path / "store"))

    def kill(_: Progress) -> None:
        assert attempt.pid is not None
        os.kill(attempt.pid, signal.SIGKILL)

    with pytest.raises(ChildDied, match="SIGKILL"):
        attempt.run(kill)
    assert list(scratch.iterdir()) == []


def test_kill_ends_a_running_attempt(clip: Clip, tmp_path: Path) -> None:
    attempt = process_attempt(request(clip("plain.mp4"), tmp_path / "store"))
    threading.Timer(0.8, attempt.kill).start()
    started = time.monotonic()
    with pytest.raises(ChildDied):
        attempt.run()
    assert time.monotonic() - started < 5


# A child that neither a broken pipe nor the hangup of an orphaned group can end: only the kernel's promise does.
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=subprocess.DEVNULL, process_group=0)
child.wait()
"""
CHILD = """
import os, signal, time
from media_ops.worker.limits import die_with
signal.signal(signal.SIGHUP, signal.SIG_IGN)
die_with(os.getppid())
print(os.getpid(), flush=True)
os.close(1)
time.sleep(60)
"""


def test_the_child_dies_with_its_parent() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, CHILD], stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        parent.kill()
        psutil.wait_procs([child], timeout=5)
        alive = child.is_running() and child.status() != psutil.STATUS_ZOMBIE
        if alive:
            child.kill()
        assert not alive
