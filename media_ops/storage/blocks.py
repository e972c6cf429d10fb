"""Blocks of a far source that were fetched, on a disk of this machine: what one attempt read, no other fetches."""

from __future__ import annotations

import errno
import hashlib
import os
import weakref
from pathlib import Path

from media_ops.storage.ranged import BLOCK

_MARK = 8
_NONE = bytes(_MARK)


class BlockFile:
    """Blocks of an object of `size` bytes in the sparse file `path`; processes share it without a lock.

    Behind the data each block has a digest, made with the file's name and the block's number: one that is absent,
    half-written, damaged or of another place is not there. A disk that is full keeps no more blocks, and nothing
    fails. The file is closed when nobody has it any more.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._size = size
        self._key = hashlib.sha256(path.name.encode()).digest()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self._close = weakref.finalize(self, os.close, self._file)

    @classmethod
    def where_there_is_room(cls, folder: Path, name: str, size: int) -> BlockFile | None:
        """Open or make it; None where it would fill more than half of what is free, which the result needs, too."""
        path = folder / name
        try:
            free = os.statvfs(folder)
            if not path.exists() and 2 * size > free.f_bavail * free.f_frsize:
                return None
            return cls(path, size)
        except OSError:
            return None

    def get(self, number: int) -> bytes | None:
        """Give a block; None where it is not there."""
        try:
            mark = os.pread(self._file, _MARK, self._size + number * _MARK)
            if len(mark) < _MARK or mark == _NONE:
                return None
            data = os.pread(self._file, min(BLOCK, self._size - number * BLOCK), number * BLOCK)
        except OSError:
            return None
        return data if self._mark(number, data) == mark else None

    def put(self, number: int, data: bytes) -> bool:
        """Keep a block and those that follow it; tell whether all of them are kept."""
        try:
            for place in range(0, len(data), BLOCK):
                self._write(number + place // BLOCK, data[place : place + BLOCK])
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Close the file; its blocks stay."""
        self._close()

    def _write(self, number: int, data: bytes) -> None:
        mark = self._mark(number, data)
        for part, place in ((data, number * BLOCK), (mark, self._size + number * _MARK)):
            if os.pwrite(self._file, part, place) != len(part):
                raise OSError(errno.ENOSPC, "only a part could be written")

    def _mark(self, number: int, data: bytes) -> bytes:
        return hashlib.blake2b(data, digest_size=_MARK, key=self._key, salt=number.to_bytes(16)).digest()
