"""A file, and which of its bytes were read."""

from __future__ import annotations

import io
from typing import BinaryIO

from media_ops.storage.excerpt import Range, joined_ranges

# So many reads are noted before they are joined.
_MOST = 4096


class Watched(io.RawIOBase):
    """Read a file through this; `ranges` gives what was read, through all that share the list `reads`."""

    def __init__(self, file: BinaryIO, name: str, reads: list[Range]) -> None:
        super().__init__()
        self.name = name
        self._file = file
        self._reads = reads

    def readable(self) -> bool:
        """It is read."""
        return True

    def seekable(self) -> bool:
        """It can be entered anywhere."""
        return True

    def tell(self) -> int:
        """Give the place that is read next."""
        return self._file.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move."""
        return self._file.seek(offset, whence)

    def read(self, size: int | None = -1) -> bytes:
        """Read, and note it."""
        start = self._file.tell()
        data = self._file.read(-1 if size is None else size)
        if data:
            self._reads.append((start, start + len(data)))
            if len(self._reads) > _MOST:
                self._reads[:] = joined_ranges(self._reads, 0)
        return data

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]
        """Fill `buffer` as far as there is anything."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file, too."""
        self._file.close()
        super().close()
