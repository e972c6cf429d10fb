"""A range of a file as something that can be sent, again and again and beside others."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from media_ops.errors import StoreUnavailable
from media_ops.pulse import beat


class Section:
    """Bytes `offset` to `offset + length` of an open file; several sections of one file may be read at a time."""

    def __init__(self, descriptor: int, offset: int, length: int) -> None:
        self._descriptor = descriptor
        self._offset = offset
        self._length = length
        self._at = 0
        self._state = self._now()

    def __len__(self) -> int:
        return self._length

    def seek(self, place: int) -> None:
        """Go to a place counted from the section's beginning."""
        self._at = place

    def read(self, size: int = -1) -> bytes:
        """Read on; nothing only at the end. A file that was cut raises `StoreUnavailable`."""
        left = self._length - self._at
        data = os.pread(self._descriptor, left if size < 0 else min(size, left), self._offset + self._at)
        if left and size and not data:
            raise StoreUnavailable("the file was cut while it was sent")
        self._at += len(data)
        beat()
        return data

    def parts(self, size: int) -> Iterator[Section]:
        """Give sections of `size` bytes, the last one shorter."""
        for start in range(0, self._length, size):
            yield Section(self._descriptor, self._offset + start, min(size, self._length - start))

    def sha256(self) -> str:
        """Read all of it for its digest."""
        digest = hashlib.sha256()
        self.update(digest)
        return digest.hexdigest()

    def update(self, digest: hashlib._Hash) -> None:
        """Read all of it into a digest."""
        self.seek(0)
        while block := self.read(1 << 20):
            digest.update(block)

    def check_unchanged(self) -> None:
        """Raise `StoreUnavailable` if the file was written to since this section was made."""
        if self._now() != self._state:
            raise StoreUnavailable("the file was changed while it was sent")

    def _now(self) -> tuple[int, int]:
        status = os.fstat(self._descriptor)
        return status.st_size, status.st_mtime_ns


@contextlib.contextmanager
def opened(data: bytes | Path) -> Iterator[bytes | Section]:
    """Give what is to be sent: bytes as they are, of a file all that it holds now."""
    if not isinstance(data, Path):
        yield data
        return
    with data.open("rb") as file:
        yield Section(file.fileno(), 0, os.fstat(file.fileno()).st_size)


def consume(data: bytes | Path) -> None:
    """Take away the file that was handed over."""
    if isinstance(data, Path):
        data.unlink(missing_ok=True)


def digest_of(body: bytes | Section) -> str:
    """Give the sha256 of what is to be sent."""
    return body.sha256() if isinstance(body, Section) else hashlib.sha256(body).hexdigest()
