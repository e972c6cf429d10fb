"""The files below a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from media_ops.errors import SourceNotFound
from media_ops.storage.publish import PREFIX


def files_below(folder: Path, leave_out: Path | None = None) -> list[Path]:
    """List regular files, sorted by their path; links to folders, our scratch folders and `leave_out` are passed by.

    Raises `SourceNotFound` when there is no such folder, or it cannot be read.
    """
    if not folder.is_dir():
        raise SourceNotFound(f"{str(folder)!r} cannot be read: there is no such folder")
    try:
        os.listdir(folder)
    except OSError as error:
        raise SourceNotFound(f"{str(folder)!r} cannot be read: {(error.strerror or str(error)).lower()}") from error
    left_out = os.path.realpath(leave_out) if leave_out else None
    return sorted(_walk(folder, left_out), key=lambda path: str(path.relative_to(folder)))


def _walk(folder: Path, left_out: str | None) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(PREFIX) and os.path.realpath(os.path.join(place, name)) != left_out
        ]
        yield from (path for name in files if (path := Path(place, name)).is_file())
