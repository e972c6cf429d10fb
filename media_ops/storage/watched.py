"""A file, and which of its bytes were read."""

from __future__ import annotations

import io
from typing import BinaryIO

from media_ops.storage.excerpt import Range, joined_ranges
from media_ops.storage.seekable import SeekableFile

# So many reads are noted before they are joined.
_MOST = 4096


class Watched(SeekableFile):
    """Read a file through this; `ranges` gives what was read, through all that share the list `reads`."""

    def __init__(self, file: BinaryIO, name: str, reads: list[Range]) -> None:
        super().__init__(file.seek(0, io.SEEK_END))
        self.name = name
        self._file = file
        self._reads = reads

    def give(self, offset: int, length: int) -> bytes:
        """Read, and note it."""
        self._file.seek(offset)
        data = self._file.read(length)
        if data:
            self._reads.append((offset, offset + len(data)))
            if len(self._reads) > _MOST:
                self._reads[:] = joined_ranges(self._reads, 0)
        return data

    def close(self) -> None:
        """Close the file, too."""
        self._file.close()
        super().close()
