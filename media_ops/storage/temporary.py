"""A file of a folder store that is being written: out of sight, and swept once its writer is dead."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from media_ops.storage.claim import claim

FOLDER = ".temporary"  # a dot-name, so no key becomes it


@contextlib.contextmanager
def temporary_in(root: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Give a new file on the store's own file system; what was not moved away is removed."""
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    path = root / FOLDER / uuid.uuid4().hex
    while (descriptor := claim(path)) is None:
        pass
    try:
        with open(descriptor, "wb", closefd=False) as file:
            yield path, file
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)
