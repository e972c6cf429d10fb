"""An object that becomes a file of this machine: seen when it is whole."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from media_ops.storage.publish import cannot_write, publish, scratch_beside


@contextlib.contextmanager
def landing(path: Path) -> Iterator[Path]:
    """Give a place for the file, on the same file system; moved to `path` if all goes well, gone if not."""
    with scratch_beside(path) as scratch:
        try:
            yield scratch / "object"
        except OSError as error:
            raise cannot_write(path, error) from error
        publish(scratch / "object", path, replace=True)
