"""The store in this process's memory, for tests and for jobs that leave nothing behind."""

from __future__ import annotations

import hashlib
import io
import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from media_ops.errors import StoreRefused, StoreUnavailable
from media_ops.storage import keys, tagging
from media_ops.storage.landing import landing
from media_ops.storage.port import Stat
from media_ops.storage.section import consume


@dataclass(frozen=True)
class _Object:
    stat: Stat
    body: bytes
    tags: dict[str, str]


class MemoryStore:
    """Objects in a dictionary."""

    def __init__(self) -> None:
        self._objects: dict[str, _Object] = {}
        self._lock = threading.Lock()
        self._versions = itertools.count(1)

    def open(self, key: str) -> BinaryIO:
        """Open for reading."""
        try:
            return io.BytesIO(self._objects[keys.check(key)].body)
        except KeyError:
            raise _missing(key) from None

    def fetch(self, key: str, path: Path) -> Stat:
        """Write it out."""
        with self._lock:
            found = self._found(key)
        with landing(path) as place:
            place.write_bytes(found.body)
        return found.stat

    def put(self, key: str, data: bytes | Path) -> Stat:
        """Write or replace."""
        keys.check(key)
        body = _read(key, data)
        with self._lock:
            found = self._write(key, body, {})
        consume(data)
        return found

    def put_if_absent(self, key: str, data: bytes | Path) -> bool:
        """Write unless it exists."""
        keys.check(key)
        body = _read(key, data)
        with self._lock:
            if key in self._objects:
                return False
            self._write(key, body, {})
        consume(data)
        return True

    def stat(self, key: str) -> Stat | None:
        """Look without reading."""
        with self._lock:
            found = self._objects.get(keys.check(key))
            return found.stat if found else None

    def list(self, prefix: str = "", *, after: str | None = None, limit: int = 1000) -> list[Stat]:
        """Sort all keys and pick."""
        with self._lock:
            wanted = (key for key in self._objects if key.startswith(prefix) and key > (after or ""))
            return [self._objects[key].stat for key in sorted(wanted)[:limit]]

    def delete(self, key: str) -> None:
        """Remove."""
        with self._lock:
            self._objects.pop(keys.check(key), None)

    def path(self, key: str) -> Path | None:
        """Memory has no files."""
        keys.check(key)
        return None

    def copy(self, key: str, to: str) -> Stat:
        """Write once more."""
        keys.check(to)
        with self._lock:
            found = self._found(key)
            return self._write(to, found.body, found.tags)

    def sha256(self, key: str) -> str | None:
        """Compute it."""
        with self._lock:
            body = self._found(key).body
        return hashlib.sha256(body).hexdigest()

    def tags(self, key: str) -> dict[str, str]:
        """Look."""
        with self._lock:
            return dict(self._found(key).tags)

    def tag(self, key: str, tags: Mapping[str, str]) -> None:
        """Replace the tags only."""
        wanted = tagging.check(tags)
        with self._lock:
            self._objects[key] = replace(self._found(key), tags=wanted)

    def presign_get(self, key: str, seconds: int) -> str:
        """Memory has no addresses."""
        raise _no_address(keys.check(key))

    def presign_put(self, key: str, seconds: int) -> str:
        """Memory has no addresses."""
        raise _no_address(keys.check(key))

    def _found(self, key: str) -> _Object:
        found = self._objects.get(keys.check(key))
        if found is None:
            raise _missing(key)
        return found

    def _write(self, key: str, body: bytes, tags: dict[str, str]) -> Stat:
        stat = Stat(key, len(body), datetime.now(UTC), str(next(self._versions)))
        self._objects[key] = _Object(stat, body, tags)
        return stat


def _missing(key: str) -> StoreUnavailable:
    return StoreUnavailable(f"object {key!r} in memory: there is no such object")


def _no_address(key: str) -> StoreRefused:
    return StoreRefused(f"object {key!r} in memory: no other process can be given an address of it")


def _read(key: str, data: bytes | Path) -> bytes:
    try:
        return bytes(data) if not isinstance(data, Path) else data.read_bytes()
    except OSError as error:
        raise StoreUnavailable(f"object {key!r} in memory: {error.strerror}") from error
