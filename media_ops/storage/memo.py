"""The sha256 of a source that was read before, so that it need not be read to be known."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from media_ops.errors import WorldError
from media_ops.storage.source import lies_far, open_far

if TYPE_CHECKING:
    from media_ops.storage.port import Store

# A file that is written to twice within a tick of its file system's clock shows one time for two contents.
_SETTLED_NS = 2 * 10**9
_LARGEST = 64 * 1024


@dataclass(frozen=True)
class Identity:
    """What a change of a source would change; None where that cannot be relied on. Asking took `bytes_read`."""

    known: dict[str, Any] | None
    bytes_read: int = 0


def identity(source: str) -> Identity:
    """Look at a source with our own rights: at a path, or by opening a far address. Raises what that raises."""
    if lies_far(source):
        far = open_far(source)
        far.close()
        known = {"address": far.identity, "size": far.size, "version": far.version, "source": far.shown}
        return Identity(known if far.lasting else None, far.bytes_read)
    status = os.stat(source)
    if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) < _SETTLED_NS:
        return Identity(None)
    file = [status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns]
    place = os.path.abspath(source)
    return Identity({"address": place, "size": status.st_size, "file": file, "source": place})


class Memo:
    """Digests by identity, in a store; an address, which may hold secrets, is kept as a digest only."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, source: Identity) -> str:
        """Give the sha256 of what is known to be the same; empty where nobody read it."""
        if source.known is None:
            return ""
        key = _key(source.known)
        found = self._store.stat(key)
        if found is None or found.size > _LARGEST:
            return ""
        with self._store.open(key) as file, suppress(ValueError, TypeError, KeyError, RecursionError):
            return str(json.loads(file.read())["sha256"])
        return ""

    def keep(self, source: Identity, sha256: str) -> None:
        """Note what was read; a store that does not take it costs another reading only."""
        if known := source.known:
            note = {"sha256": sha256, "source": known["source"], "size": known["size"]}
            with suppress(WorldError):
                self._store.put(_key(known), json.dumps(note).encode())


def _key(known: dict[str, Any]) -> str:
    return f"memo/{hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()}"
