"""Killed workers are replaced; an interrupted run leaves no process and no file."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from media_ops.compare import compare
from media_ops.crew import Event
from media_ops.model import JobOptions
from media_ops.run import run
from tests.cli.conftest import MEDIA, left_in
from tests.media.conftest import Job

Clip = Callable[[str], Path]


def workers(process: psutil.Process, verb: str = "process") -> list[psutil.Process]:
    """List the children of `process` that run `verb`."""
    found = []
    for child in process.children():
        try:
            if child.status() != psutil.STATUS_ZOMBIE and f"media_ops.worker.child {verb}" in " ".join(
                child.cmdline()
            ):
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)]
)
def test_an_interrupted_run_leaves_nothing(clip: Clip, folder: Path, number: int, code: int) -> None:
    (folder / "out.mp4").write_bytes(b"old")
    command = [*MEDIA, "run", "transcode_h264", str(clip("long.mp4")), "-o", "out.mp4"]
    command += ["--segments", "4", "--workers", "2", "--param", "preset=veryslow", "--param", "height=720"]
    program = psutil.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while len(working := workers(program)) < 2:
        assert program.poll() is None, "it ended before it could be interrupted"
        time.sleep(0.02)
    time.sleep(0.5)
    program.send_signal(number)
    stdout, stderr = program.communicate(timeout=20)
    assert (program.returncode, stdout) == (code, "")
    assert "Traceback" not in stderr
    assert not [child for child in working if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert (left_in(folder), (folder / "out.mp4").read_bytes()) == (["out.mp4"], b"old")
    assert left_in(folder.parent / "scratch") == []


def test_a_killed_segment_alone_is_retried_and_the_result_is_the_same(clip: Clip, folder: Path) -> None:
    source, params = str(clip("vfr.mp4")), {"preset": "slow"}
    options, events, killed = JobOptions(segments=3), [], threading.Event()

    def kill_one(event: Event) -> None:
        events.append(event)
        if event.stage == "process" and event.state == "progress" and not killed.is_set():
            killed.set()
            workers(psutil.Process())[0].kill()

    spoilt = run("transcode_h264", [source], "spoilt.mp4", params, options, workers=1, on_event=kill_one)
    assert spoilt.outcome == "succeeded", spoilt.error
    retried = [event for event in events if event.state == "retried"]
    assert [(event.stage, event.order) for event in retried] == [("process", 0)]
    assert "SIGKILL" in retried[0].message
    assert [e.order for e in events if e.stage == "process" and e.state == "finished"] == [0, 1, 2]

    calm = Job(Path(source), folder.parent / "calm", params)
    calm.output = folder / "calm.mp4"
    calm.run(3)
    same = compare("calm.mp4", "spoilt.mp4", exact=True)
    assert (same.differences, same.identical_frames) == ([], 143)
    assert compare(source, "spoilt.mp4").differences == []
    assert [name for name in left_in(folder) if not name.endswith(".proof.json")] == ["calm.mp4", "spoilt.mp4"]


def test_a_segment_that_dies_again_and_again_ends_the_job(
    clip: Clip, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDIA_OPS_RETRY_DELAY", "0")
    events = []

    def kill_all(event: Event) -> None:
        events.append(event)
        if event.stage == "process" and event.state == "progress":
            for worker in workers(psutil.Process()):
                worker.kill()

    report = run(
        "transcode_h264",
        [str(clip("plain.mp4"))],
        "out.mp4",
        {"preset": "slow"},
        JobOptions(segments=4),
        workers=1,
        on_event=kill_all,
    )
    assert report.outcome == "failed"
    assert report.error is not None
    assert (report.error["code"], report.error["fate"]) == ("child_died", "world")
    assert [event.order for event in events if event.state == "retried"] == [0, 0]
    assert workers(psutil.Process()) == []
    assert left_in(folder) == []
    assert left_in(folder.parent / "scratch") == []


def test_a_killed_program_leaves_no_worker_and_the_next_run_clears_up(clip: Clip, folder: Path) -> None:
    command = [*MEDIA, "run", "transcode_h264", str(clip("long.mp4")), "-o", "out.mp4", "--segments", "4"]
    command += ["--param", "preset=veryslow", "--param", "height=720"]
    program = psutil.Popen(command, stderr=subprocess.DEVNULL)
    while not (working := workers(program)):
        time.sleep(0.02)
    os.kill(program.pid, signal.SIGKILL)
    program.wait()
    psutil.wait_procs(working, timeout=10)
    assert not [child for child in working if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert left_in(folder) != []
    assert run("transcode_h264", [str(clip("one_frame.mp4"))], "out.mp4", {}, JobOptions(), workers=1).error is None
    assert left_in(folder) == ["out.mp4", "out.mp4.proof.json"]
