"""How a task's process ends: with its parent, and at once when it is told to."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class Terminated(BaseException):
    """SIGTERM arrived: the run was cancelled, or this worker is going away.

    Not an `Exception`, so that no handler on the way swallows it.
    """


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Make SIGTERM raise `Terminated` inside the block.

    Airflow's own handler only calls `on_kill()` and lets the task go on; SIGKILL would free the slot 5 s later.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def raise_once(signum: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not interrupt the cleaning up
        raise Terminated("told to stop by SIGTERM")

    previous = signal.signal(signal.SIGTERM, raise_once)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def die_with_supervisor() -> None:
    """Have the kernel kill this process when its Airflow supervisor dies; `dag.test()` has none and is left alone.

    Without it a task whose supervisor was killed runs on beside its own retry.
    """
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import CommsDecoder

    from media_ops.worker.limits import die_with

    if not isinstance(getattr(task_runner, "SUPERVISOR_COMMS", None), CommsDecoder):
        return
    die_with(os.getppid())
