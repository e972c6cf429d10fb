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
from media_ops.model import JobOptions, Plan, ProbeRequest, ProbeResult, ProcessRequest
from media_ops.worker.attempt import Progress, probe_attempt, process_attempt

Clip = Callable[[str], Path]


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Scratch folders of attempts land here, so that a leftover is seen."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


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


PARENT = """
import sys
from media_ops.model import ProcessRequest
from media_ops.worker.attempt import process_attempt
attempt = process_attempt(ProcessRequest.model_validate_json(sys.stdin.read()))
attempt.run(lambda progress: print(attempt.pid, flush=True))
"""


def test_the_child_dies_with_its_parent(clip: Clip, tmp_path: Path) -> None:
    text = request(clip("plain.mp4"), tmp_path / "store").model_dump_json()
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        parent.stdin.write(text)
        parent.stdin.close()
        child = psutil.Process(int(parent.stdout.readline()))
        child.suspend()  # else the broken pipe would end it, and hide that the kernel did not
        parent.kill()
        psutil.wait_procs([child], timeout=5)
        alive = child.is_running() and child.status() != psutil.STATUS_ZOMBIE
        if alive:
            child.kill()
        assert not alive
