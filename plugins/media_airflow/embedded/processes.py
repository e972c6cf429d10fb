"""Find, count and end the processes of one instance, whoever their parent is by now."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped, unused-ignore]

from media_airflow.embedded.environment import INSTANCE_VARIABLE
from media_airflow.embedded.layout import Layout


def runs_in(pid: int, folder: Path) -> bool:
    """Say whether the process exists and has `folder` as its working directory, as PostgreSQL's have."""
    try:
        return bool(psutil.Process(pid).cwd() == str(folder))
    except psutil.Error:
        return False


def processes_of(layout: Layout) -> list[psutil.Process]:
    """List every living process of the instance.

    Services and tasks carry the instance in their environment. PostgreSQL overwrites its own, so it goes by
    its working directory.
    """
    home, data = str(layout.home), str(layout.data)
    return [process for process in living() if mark(process) == home or working_directory(process) == data]


def end_processes(layout: Layout, patience: float = 5) -> int:
    """End every process of the instance; give the number there was.

    PostgreSQL is asked first and has `patience` seconds to write its data; the others are simply killed.
    """
    found = processes_of(layout)
    for process in found:
        asked = signal.SIGINT if working_directory(process) == str(layout.data) else signal.SIGKILL
        send(process, asked)
    _, left = psutil.wait_procs(found, timeout=patience)
    while left:
        for process in left:
            send(process, signal.SIGKILL)
        psutil.wait_procs(left, timeout=patience)
        left = processes_of(layout)
    return len(found)


def cpu_seconds(root: int) -> float:
    """Sum user and system seconds of the process `root` and all below it, those that have ended included."""
    try:
        top = psutil.Process(root)
        tree = [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    total = 0.0
    for process in tree:
        try:
            # Fields: user, system, and the same of the children that were waited for.
            total += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return total


def send(process: psutil.Process, number: signal.Signals) -> None:
    """Send a signal; a process that is gone already is no error."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def living() -> Iterator[psutil.Process]:
    """Yield every process but this one and the dead that nobody has waited for."""
    for process in psutil.process_iter(["status"]):
        if process.pid != os.getpid() and process.info["status"] != psutil.STATUS_ZOMBIE:
            yield process


def mark(process: psutil.Process) -> str | None:
    """Read to which instance a process belongs; None where we may not look."""
    try:
        return process.environ().get(INSTANCE_VARIABLE)
    except (psutil.Error, OSError):
        return None


def working_directory(process: psutil.Process) -> str | None:
    """Read a process's working directory; None where we may not look."""
    try:
        return process.cwd()
    except (psutil.Error, OSError):
        return None
