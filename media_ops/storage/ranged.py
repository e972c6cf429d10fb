"""A file that is read by bounded ranges: what lies far away is fetched block by block, and only what is asked for."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable

from media_ops.errors import StoreUnavailable

# FFmpeg's own reading over HTTP asks for all that follows and fetches 1.4 to 2.5 times a file's bytes.
BLOCK = 256 * 1024
KEPT = 64

Fetch = Callable[[int, int], bytes]


class RangedFile(io.RawIOBase):
    """Seekable reading of `size` bytes, of which `fetch(offset, length)` gives a range.

    Blocks of `block` bytes are fetched, aligned, and the `kept` that were used last are remembered, so that a reader
    that jumps between a table and its data asks once for each. `bytes_read` and `requests` count what was fetched.
    A range that comes back short raises `StoreUnavailable`: the object was cut or replaced. `first` is the first
    block, where opening has fetched it already; `version` is the one that all ranges are of.
    """

    def __init__(
        self,
        fetch: Fetch,
        size: int,
        *,
        block: int = BLOCK,
        kept: int = KEPT,
        first: bytes | None = None,
        version: str = "",
    ) -> None:
        super().__init__()
        self.size = size
        self.version = version
        self.bytes_read = 0
        self.requests = 0
        self._fetch = fetch
        self._block = block
        self._kept = kept
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._at = 0
        if first:
            self._fetch = lambda offset, length: first
            self._at_block(0)
            self._fetch = fetch

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
        wanted = left if size is None or size < 0 else min(size, left)
        parts = []
        while wanted:
            number, offset = divmod(self._at, self._block)
            part = self._at_block(number)[offset : offset + wanted]
            parts.append(part)
            self._at += len(part)
            wanted -= len(part)
        return b"".join(parts)

    def readall(self) -> bytes:
        """Read all that is left."""
        return self.read()

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]
        """Fill `buffer` as far as there is anything."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def fetch(self, offset: int, length: int) -> bytes:
        """Give a range in one request, whatever its size, and remember nothing of it: for those who keep blocks."""
        first = self._blocks.get(0, b"")
        if offset + length <= len(first):
            return first[offset : offset + length]
        data = self._fetch(offset, length)
        self.requests += 1
        self.bytes_read += len(data)
        if len(data) != length:
            raise StoreUnavailable(f"{len(data)} bytes instead of {length} came from place {offset}")
        return data

    def _at_block(self, number: int) -> bytes:
        if number in self._blocks:
            self._blocks.move_to_end(number)
            return self._blocks[number]
        start = number * self._block
        data = self.fetch(start, min(self._block, self.size - start))
        self._blocks[number] = data
        while len(self._blocks) > self._kept:
            self._blocks.popitem(last=False)
        return data
