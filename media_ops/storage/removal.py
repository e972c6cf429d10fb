"""Removing an object's file only if it still is the one that was looked at.

A writer may replace an object between the look and the removal. So writers hold a shared lock on the store's folder
while they move a file into place, and whoever removes what it looked at before holds it alone.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from media_ops.storage import keys
from media_ops.storage.alone import alone

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_PATIENCE = 5.0  # seconds; writers hold their lock for one rename


@contextlib.contextmanager
def moving(root: Path) -> Iterator[None]:
    """Keep `remove_unchanged` waiting while a file is moved into place."""
    descriptor = os.open(root, _FOLDER)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def remove_unchanged(root: Path, key: str, seen: os.stat_result) -> bool:
    """Remove the object, and the folders that are empty without it; False if it is another by now, or gone.

    Every folder on the way is opened by its own name, never through a link.
    """
    *folders, leaf = keys.to_names(key)
    with contextlib.ExitStack() as stack:
        try:
            way = [_opened(stack, str(root), None)]
            for name in folders:
                way.append(_opened(stack, name, way[-1]))
            with alone(way[0], _PATIENCE):
                if not same(os.stat(leaf, dir_fd=way[-1], follow_symlinks=False), seen):
                    return False
                os.unlink(leaf, dir_fd=way[-1])
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(f".{leaf}.tags", dir_fd=way[-1])  # what a store may keep beside an object
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            if error.errno == errno.ELOOP:
                return False
            raise
        with contextlib.suppress(OSError):  # not empty, or a writer was faster
            for name, above in zip(reversed(folders), reversed(way[:-1]), strict=True):
                os.rmdir(name, dir_fd=above)
    return True


def _opened(stack: contextlib.ExitStack, name: str, above: int | None) -> int:
    descriptor = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=above)
    stack.callback(os.close, descriptor)
    return descriptor


def same(now: os.stat_result, seen: os.stat_result) -> bool:
    """Whether a file is the one that was seen, and unchanged."""
    return (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns) == (
        seen.st_dev,
        seen.st_ino,
        seen.st_size,
        seen.st_mtime_ns,
    )
