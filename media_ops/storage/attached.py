"""Far sources that this process reads, by the names under which they are shown.

Everything that opens a source knows it by its name: a path, or an address without its secrets. Here a name of the
second kind is followed to what it stands for.
"""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path

from media_ops.errors import StoreUnavailable
from media_ops.storage.blocks import BlockFile
from media_ops.storage.cache import BlockCache
from media_ops.storage.far import SMALL, FarObject
from media_ops.storage.ranged import BLOCK, RangedFile

# Of a source that is read on and on, so many blocks are asked for at once: a far server answers each in 10 to 100 ms.
_MOST_AHEAD = 8
_ATTACHED: dict[str, Attached] = {}


class Attached:
    """A far object and the blocks of it that are here; `failure` is the first thing that went wrong with it.

    FFmpeg takes many a read that failed for the end of the file. So whoever attached a source asks for `failure` when
    all is done, whatever came of it.
    """

    def __init__(self, far: FarObject, kept: Path, name: str, job: str = "") -> None:
        self.far = far
        self.name = name
        self.failure: Exception | None = None
        cache, key = BlockCache.from_settings(), _key(far, job)
        # What the cache has no room for may still be worth keeping for this job.
        places = cache and cache.open(key, far.size), BlockFile.where_there_is_room(kept, key, far.size)
        self._places = [place for place in places if place]
        self._keeping = bool(self._places)
        self._small = far.size <= SMALL
        self._in_memory: dict[int, bytes] = {}

    def open(self) -> FarFile:
        """Open it, as often as needed."""
        return FarFile(self)

    def fetch(self, offset: int, length: int, ahead: int) -> bytes:
        """Give the block at `offset`; up to `ahead` that follow it and are not here are fetched with it."""
        try:
            return self._fetch(offset, length, ahead)
        except Exception as error:
            self.failure = self.failure or error
            raise

    def _fetch(self, offset: int, length: int, ahead: int) -> bytes:
        number = offset // BLOCK
        if (found := self._here(number)) is not None:
            return found
        end = offset + length
        # What is not kept would be fetched again and again.
        most = self.far.size if self._small else end + ahead * BLOCK * self._keeping
        while end < min(most, self.far.size) and self._here(end // BLOCK) is None:
            end = min(end + BLOCK, self.far.size)
        data = self._whole_range(offset, end - offset)
        self._keep(number, data)
        return data[:length]

    def _here(self, number: int) -> bytes | None:
        for place in self._places:
            if (found := place.get(number)) is not None:
                return found
        return self._in_memory.get(number)

    def _keep(self, number: int, data: bytes) -> None:
        self._keeping = any(place.put(number, data) for place in self._places)
        if self._small and not self._keeping:
            blocks = (data[place : place + BLOCK] for place in range(0, len(data), BLOCK))
            self._in_memory.update(enumerate(blocks, number))

    def _whole_range(self, offset: int, length: int) -> bytes:
        data = self.far.fetch(offset, length)
        if len(data) != length:
            raise StoreUnavailable(f"{self.name}: {len(data)} bytes instead of {length} came from place {offset}")
        return data


class FarFile(RangedFile):
    """A far source, opened. FFmpeg takes its `name` for a file's: the ending counts."""

    def __init__(self, source: Attached) -> None:
        self.name = source.name
        self._source = source
        self._expected, self._run = -1, 0
        self._turn = threading.Lock()
        super().__init__(self._next, source.far.size)

    def _next(self, offset: int, length: int) -> bytes:
        with self._turn:
            self._run = min(2 * self._run + 1, _MOST_AHEAD - 1) if offset == self._expected else 0
            self._expected = offset + length
        return self._source.fetch(offset, length, self._run)


def attach(far: FarObject, kept: Path, job: str = "") -> str:
    """Make a far object known to this process; give the name that stands for it.

    Blocks are kept in the machine's cache, if there is one, and in `kept`. `job` tells jobs apart: what a server does
    not vouch for is no other job's.
    """
    name, number = far.shown, 2
    while name in _ATTACHED:
        name, number = f"{far.shown} ({number})", number + 1
    _ATTACHED[name] = Attached(far, kept, name, job)
    return name


def detach(name: str) -> None:
    """Forget it."""
    _ATTACHED.pop(name, None)


def attached(name: str | Path) -> Attached | None:
    """Give what a name stands for; None for a path."""
    return _ATTACHED.get(name) if isinstance(name, str) else None


def _key(far: FarObject, job: str) -> str:
    said = [far.identity, far.size, far.version, "" if far.lasting else job]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
