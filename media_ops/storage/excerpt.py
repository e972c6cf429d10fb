"""Some bytes of a file as an object of their own, which is opened as the file itself: same size, same places."""

from __future__ import annotations

import os
import struct
import tempfile
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from media_ops.pulse import beat
from media_ops.storage.passing import sha256_of
from media_ops.storage.port import Store
from media_ops.storage.seekable import SeekableFile

Range = tuple[int, int]
Gap = Callable[[int, int], bytes]

_MAGIC = b"media-excerpt-1\n"
_HEAD = struct.Struct("<16sQII")  # magic, size of the whole, bytes of the packed ranges, bytes of the filling
_COPIED = 1 << 20


class Excerpt:
    """Kept half-open ranges of a file of `size` bytes.

    What lies outside is made of `filling`, laid from the beginning of each gap on, or given by `beyond(offset,
    length)`. Of several failures `failure` is the first: FFmpeg takes a read that failed for the end of the file.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file  # kept open: its descriptor is read
        self.failure: Exception | None = None
        self.beyond: Gap | None = None
        magic, self.size, packed, filling = _HEAD.unpack(file.read(_HEAD.size))
        if magic != _MAGIC:
            raise ValueError("this is no excerpt")
        edges = array("q", zlib.decompress(file.read(packed)))
        self.filling = file.read(filling)
        self._starts, self._ends = edges[0::2], edges[1::2]
        places, at = array("q"), _HEAD.size + packed + filling
        for start, end in zip(self._starts, self._ends, strict=True):
            places.append(at)
            at += end - start
        self._places = places

    def read(self, offset: int, length: int) -> bytes:
        """Give a range of the file."""
        try:
            return self._read(offset, length)
        except Exception as error:
            self.failure = self.failure or error
            raise

    def open(self, name: str) -> ExcerptFile:
        """Open it, as often as needed."""
        return ExcerptFile(self, name)

    def close(self) -> None:
        """Close it; what was opened of it cannot be read any more."""
        self._file.close()

    def _read(self, offset: int, length: int) -> bytes:
        parts, end = [], min(offset + length, self.size)
        number = bisect_right(self._starts, offset) - 1
        while offset < end:
            following = self._starts[number + 1] if number + 1 < len(self._starts) else self.size
            kept = self._ends[number] if number >= 0 else 0
            until = min(end, kept if offset < kept else following)
            parts.append(self._kept(number, offset, until) if offset < kept else self._missing(kept, offset, until))
            offset = until
            number += offset == following
        return b"".join(parts)

    def _kept(self, number: int, start: int, end: int) -> bytes:
        place = self._places[number] + start - self._starts[number]
        data = os.pread(self._file.fileno(), end - start, place)
        if len(data) != end - start:
            raise OSError(f"an excerpt ends at byte {place + len(data)}, in the middle of what it keeps")
        return data

    def _missing(self, begins: int, start: int, end: int) -> bytes:
        if self.beyond:
            return self.beyond(start, end - start)
        turn = (start - begins) % len(self.filling)
        return (self.filling * ((turn + end - start) // len(self.filling) + 1))[turn : turn + end - start]


class ExcerptFile(SeekableFile):
    """An excerpt as the file that it is of; FFmpeg takes its `name` for that file's: the ending counts."""

    def __init__(self, excerpt: Excerpt, name: str) -> None:
        super().__init__(excerpt.size)
        self.name = name
        self._excerpt = excerpt

    def give(self, offset: int, length: int) -> bytes:
        """Give what the excerpt holds, or what it fills gaps with."""
        return self._excerpt.read(offset, length)


def joined_ranges(ranges: Sequence[Range], bridged: int) -> list[Range]:
    """Sort ranges and join those that are no more than `bridged` bytes apart."""
    joined: list[Range] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1] + bridged:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        elif start < end:
            joined.append((start, end))
    return joined


def write_excerpt(source: BinaryIO, size: int, ranges: Sequence[Range], path: Path, filling: bytes = b"\0") -> str:
    """Write `ranges` of `source`, ascending and apart, as an excerpt; give its sha256."""
    if any(start >= end for start, end in ranges) or any(one[1] >= two[0] for one, two in pairwise(ranges)):
        raise ValueError("ranges must ascend and be apart")
    edges = zlib.compress(array("q", [edge for pair in ranges for edge in pair]).tobytes())
    with path.open("w+b") as file:
        file.write(_HEAD.pack(_MAGIC, size, len(edges), len(filling)) + edges + filling)
        for start, end in ranges:
            source.seek(start)
            while start < end:
                data = source.read(min(_COPIED, end - start))
                if not data:
                    raise OSError(f"the source ends at byte {start}")
                file.write(data)
                start += len(data)
                beat()
        file.seek(0)
        return sha256_of(file)


def stored_excerpt(store: Store, key: str) -> Excerpt | None:
    """Open an excerpt whose key ends with its sha256; None where it is gone or is another."""
    if store.stat(key) is None:
        return None
    path = store.path(key)
    file: BinaryIO = path.open("rb") if path else _copied(store, key)
    digest = sha256_of(file)
    if digest != key.rpartition("/")[2]:
        file.close()
        return None
    file.seek(0)
    return Excerpt(file)


def _copied(store: Store, key: str) -> BinaryIO:
    """Copy it into a file without a name, which is gone with its process however that ends."""
    copy = tempfile.TemporaryFile()  # noqa: SIM115
    with store.open(key) as file:
        while data := file.read(_COPIED):
            copy.write(data)
            beat()
    copy.seek(0)
    return copy
