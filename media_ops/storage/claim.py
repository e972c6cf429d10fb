"""Claims on temporary files: a kernel lock tells a dead writer's leftovers from a living one's work.

Process ids would not do: two containers that share a volume have each its own process 7.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path


def claim(path: Path) -> int | None:
    """Create `path` and hold it until the descriptor is closed or the process ends; None if a sweeper was faster."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def sweep(path: Path, remove: Callable[[], None]) -> None:
    """Call `remove` if nobody holds the existing file `path` any more; its lock is ours while it runs."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        remove()
    except OSError:
        return
    finally:
        os.close(descriptor)
