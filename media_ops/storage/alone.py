"""Locks on open files and folders, taken with patience."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator


def lock(descriptor: int, patience: float, *, shared: bool = False) -> None:
    """Lock what is open, until it is unlocked or closed, or its process ends.

    Raises `BlockingIOError` when another holds it for `patience` seconds, `OSError` where there are no locks.
    """
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    deadline = time.monotonic() + patience
    while True:
        try:
            return fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.005)


@contextlib.contextmanager
def alone(folder: int, patience: float) -> Iterator[None]:
    """Hold the open folder's lock alone for a moment; raises what `lock` does."""
    lock(folder, patience)
    try:
        yield
    finally:
        fcntl.flock(folder, fcntl.LOCK_UN)
