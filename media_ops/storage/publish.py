"""Outputs appear whole or not at all: made in a scratch folder beside the destination, then moved."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from media_ops.errors import OutputExists, StoreUnavailable
from media_ops.storage.claim import claim, sweep
from media_ops.storage.durable import sync

PREFIX = ".media-ops-"
_LOCK = ".lock"


def publish(temporary: Path, destination: Path, *, replace: bool) -> None:
    """Move a finished file of the same file system into place, or raise `OutputExists` if that is taken."""
    try:
        sync(temporary)
        if replace:
            os.replace(temporary, destination)
        else:
            os.link(temporary, destination)
            temporary.unlink()
        sync(destination.parent)
    except FileExistsError:
        raise OutputExists(f"output {str(destination)!r} exists already and is not to be replaced") from None
    except OSError as error:
        raise cannot_write(destination, error) from error


@contextlib.contextmanager
def scratch_beside(destination: Path) -> Iterator[Path]:
    """Give an empty folder in the destination's folder; it is removed whatever happens.

    Folders that killed processes left there are removed too, both before and after.
    """
    beside = destination.absolute().parent
    try:
        clear_leftovers(beside)
        scratch, descriptor = _make(beside)
    except OSError as error:
        raise cannot_write(destination, error) from error
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        os.close(descriptor)
        clear_leftovers(beside)


def clear_leftovers(folder: Path) -> None:
    """Remove the scratch folders in `folder` whose makers are gone."""
    for leftover in folder.glob(f"{PREFIX}*"):
        lock = leftover / _LOCK
        sweep(lock, lambda leftover=leftover: shutil.rmtree(leftover, ignore_errors=True))  # type: ignore[misc]
        with contextlib.suppress(OSError):  # its maker died before it could lock it
            if not lock.exists() and time.time() - leftover.lstat().st_mtime > 60:
                shutil.rmtree(leftover, ignore_errors=True)


def _make(beside: Path) -> tuple[Path, int]:
    while True:
        scratch = beside / f"{PREFIX}{os.getpid()}-{uuid.uuid4().hex[:8]}"
        scratch.mkdir()
        with contextlib.suppress(FileNotFoundError):  # swept before it was locked
            descriptor = claim(scratch / _LOCK)
            if descriptor is not None:
                return scratch, descriptor


def cannot_write(destination: Path, error: OSError) -> StoreUnavailable:
    """Name the output and the reason."""
    reason = (error.strerror or str(error)).lower()
    return StoreUnavailable(f"output {str(destination)!r} cannot be written: {reason}")
