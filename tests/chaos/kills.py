"""What is done to processes; each gives the moment from which the retry's time counts, as seconds since 1970."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped, unused-ignore]

from media_airflow.embedded.processes import processes_of
from tests.chaos.stage import Stage, wait_for

STALL_SECONDS = 10.0
AWAY_SECONDS = 30.0
SERVICES = {"scheduler": "scheduler", "API server": "api-server", "DAG processor": "dag-processor"}
SERVICES |= {"PostgreSQL": "postgres"}


def kill(stage: Stage, what: str, verb: str) -> float:
    """Do `what` while `verb` is being worked on."""
    if what in SERVICES:
        return _now(psutil.Process(stage.airflow.services()[SERVICES[what]][1]).kill)
    if what == "everything":
        return _everything(stage)
    if what == "API server away for 30 s":
        return _away(stage)
    child = wait_for(f"a child at {verb}", lambda: stage.children(verb))[0]
    if what == "child":
        return _now(child.kill)
    if what == "child stopped by SIGSTOP":
        return _now(lambda: child.send_signal(signal.SIGSTOP)) + STALL_SECONDS
    task = child.parent()
    assert task is not None
    if what == "task process":
        return _now(task.kill)
    assert what == "task's supervisor", what
    supervisor = task.parent()
    assert supervisor is not None
    return _now(supervisor.kill)


def _now(act: Callable[[], object]) -> float:
    at = time.time()
    act()
    return at


def _everything(stage: Stage) -> float:
    """Kill all there is, as a power cut does, then start again."""
    at = time.time()
    supervisor = stage.airflow._supervisor.pid()
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    for process in processes_of(stage.airflow.layout):
        with contextlib.suppress(psutil.Error):
            process.kill()
    wait_for("the end of everything", lambda: not processes_of(stage.airflow.layout), 30)
    stage.airflow.start()
    return at


def _away(stage: Stage) -> float:
    at = time.time()
    stage.airflow._supervisor._call("stopProcess", "airflow:api-server", True)
    time.sleep(AWAY_SECONDS)
    stage.airflow._supervisor._call("startProcess", "airflow:api-server", False)
    return at


@contextlib.contextmanager
def full(folder: Path) -> Iterator[None]:
    """Fill the disk of a folder until the block ends; it must be a small one."""
    status = os.statvfs(folder)
    assert status.f_blocks * status.f_frsize < 2**30, "this is no disk for a test to fill"
    ballast = folder / "ballast"
    try:
        with ballast.open("wb") as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(2**20))
                file.flush()
        yield
    finally:
        ballast.unlink()


@contextlib.contextmanager
def small_disk(folder: Path, size: int = 256 * 2**20) -> Iterator[None]:
    """Mount a disk of memory in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
