"""A file that is read by bounded ranges: what lies far away is fetched block by block, and only what is asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from media_ops.errors import StoreUnavailable
from media_ops.storage.seekable import SeekableFile

# FFmpeg's own reading over HTTP asks for all that follows and fetches 1.4 to 2.5 times a file's bytes.
BLOCK = 256 * 1024
KEPT = 64

Fetch = Callable[[int, int], bytes]


class RangedFile(SeekableFile):
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
        super().__init__(size)
        self.version = version
        self.bytes_read = 0
        self.requests = 0
        self._fetch = fetch
        self._block = block
        self._kept = kept
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        if first:
            self._fetch = lambda offset, length: first
            self._at_block(0)
            self._fetch = fetch

    def give(self, offset: int, length: int) -> bytes:
        """Give what lies there, block by block."""
        parts = []
        while length:
            number, start = divmod(offset, self._block)
            part = self._at_block(number)[start : start + length]
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return b"".join(parts)

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
