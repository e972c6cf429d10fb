"""The store in this process's memory, for tests and for jobs that leave nothing behind."""

from __future__ import annotations

import io
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from media_ops.errors import StoreUnavailable
from media_ops.storage import keys
from media_ops.storage.port import Stat


class MemoryStore:
    """Objects in a dictionary."""

    def __init__(self) -> None:
        self._objects: dict[str, tuple[bytes, datetime]] = {}
        self._lock = threading.Lock()

    def open(self, key: str) -> BinaryIO:
        """Open for reading."""
        try:
            return io.BytesIO(self._objects[keys.check(key)][0])
        except KeyError:
            raise StoreUnavailable(f"object {key!r} in memory: there is no such object") from None

    def put(self, key: str, data: bytes | Path) -> Stat:
        """Write or replace."""
        keys.check(key)
        body = _read(key, data)
        with self._lock:
            self._objects[key] = body, datetime.now(UTC)
            found = self._describe(key)
        _consume(data)
        return found

    def put_if_absent(self, key: str, data: bytes | Path) -> bool:
        """Write unless it exists."""
        keys.check(key)
        body = _read(key, data)
        with self._lock:
            if key in self._objects:
                return False
            self._objects[key] = body, datetime.now(UTC)
        _consume(data)
        return True

    def stat(self, key: str) -> Stat | None:
        """Look without reading."""
        with self._lock:
            return self._describe(key) if keys.check(key) in self._objects else None

    def list(self, prefix: str = "", *, after: str | None = None, limit: int = 1000) -> list[Stat]:
        """Sort all keys and pick."""
        with self._lock:
            wanted = (key for key in self._objects if key.startswith(prefix) and key > (after or ""))
            return [self._describe(key) for key in sorted(wanted)[:limit]]

    def delete(self, key: str) -> None:
        """Remove."""
        with self._lock:
            self._objects.pop(keys.check(key), None)

    def path(self, key: str) -> Path | None:
        """Memory has no files."""
        keys.check(key)
        return None

    def _describe(self, key: str) -> Stat:
        body, modified = self._objects[key]
        return Stat(key, len(body), modified)


def _read(key: str, data: bytes | Path) -> bytes:
    try:
        return bytes(data) if not isinstance(data, Path) else data.read_bytes()
    except OSError as error:
        raise StoreUnavailable(f"object {key!r} in memory: {error.strerror}") from error


def _consume(data: bytes | Path) -> None:
    if isinstance(data, Path):
        data.unlink(missing_ok=True)
