"""What files that are not one have in common: places, moving among them, and reading from there."""

from __future__ import annotations

import io
from abc import abstractmethod


class SeekableFile(io.RawIOBase):
    """`size` bytes to be read from any place; what they are, `give` says."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self._at = 0

    @abstractmethod
    def give(self, offset: int, length: int) -> bytes:
        """Give `length` bytes from `offset` on, all of which lie in the file."""

    def readable(self) -> bool:
        """It is read."""
        return True

    def seekable(self) -> bool:
        """It can be entered anywhere."""
        return True

    def tell(self) -> int:
        """Give the place that is read next."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; places behind the end are allowed, and nothing is read there."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError(f"{base + offset} lies before the beginning")
        self._at = base + offset
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """Read `size` bytes, fewer only at the end; all that is left where `size` is negative or None."""
        left = max(0, self.size - self._at)
        data = self.give(self._at, left if size is None or size < 0 else min(size, left))
        self._at += len(data)
        return data

    def readall(self) -> bytes:
        """Read all that is left."""
        return self.read()

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]
        """Fill `buffer` as far as there is anything."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
