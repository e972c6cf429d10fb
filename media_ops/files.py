"""Files that parameters name: read once, so that every segment gets the same bytes wherever it is processed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops.algorithm import FrameAlgorithm
from media_ops.errors import ParamsInvalid
from media_ops.requests import StoredFile

if TYPE_CHECKING:
    from media_ops.storage import Store

MOST_BYTES = 64 * 2**20


def keep_files(
    algorithm: FrameAlgorithm, store: Store, prefix: str
) -> tuple[dict[str, StoredFile], dict[str, bytes]]:
    """Store what the parameters name below `prefix`; give the records and the bytes, by parameter.

    Raises `ParamsInvalid`, naming the parameter, for what is no file that can be read, or has more than 64 MiB.
    """
    records, contents = {}, read_files(algorithm)
    for name, data in contents.items():
        records[name] = StoredFile(key=f"{prefix}/files/{name}", sha256=hashlib.sha256(data).hexdigest())
        store.put(records[name].key, data)
    return records, contents


def read_files(algorithm: FrameAlgorithm) -> dict[str, bytes]:
    """Give the bytes of what the parameters name, by parameter; raises as `keep_files` does."""
    given = {name: getattr(algorithm.params, name) for name in algorithm.file_params()}
    usual = {name: path for name, path in algorithm.default_files().items() if Path(path).is_file()}
    return {
        name: _read(Path(path), f"{algorithm.name()}: parameter {name}: {str(path)!r}")
        for name, path in (usual | {name: path for name, path in given.items() if path}).items()
    }


def _read(path: Path, subject: str) -> bytes:
    try:
        if not path.is_file():
            raise ParamsInvalid(f"{subject} is no file")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ParamsInvalid(f"{subject} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > MOST_BYTES:
        raise ParamsInvalid(f"{subject} has more than {MOST_BYTES // 2**20} MiB")
    return data
