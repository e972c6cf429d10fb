"""Have the disk hold what was written."""

from __future__ import annotations

import os
from pathlib import Path

from media_ops.pulse import quiet, seconds_for


def sync(path: Path) -> None:
    """Flush a file's content, or a folder's entries, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with quiet(seconds_for(os.fstat(descriptor).st_size)):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
