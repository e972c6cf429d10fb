"""A lock on a folder of the file system, held for a moment."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator


@contextlib.contextmanager
def alone(folder: int, patience: float) -> Iterator[None]:
    """Hold the open folder's lock alone.

    Raises `BlockingIOError` when another holds it for `patience` seconds, `OSError` where there are no locks.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.005)
    try:
        yield
    finally:
        fcntl.flock(folder, fcntl.LOCK_UN)
