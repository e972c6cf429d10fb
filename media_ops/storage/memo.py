"""The sha256 of a source that was read before, so that it need not be read to be known."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from media_ops.errors import WorldError
from media_ops.storage.far import shown
from media_ops.storage.source import lies_far, open_far

if TYPE_CHECKING:
    from media_ops.storage.port import Store

# A file that is written to twice within a tick of its file system's clock shows one time for two contents.
_SETTLED_NS = 2 * 10**9
_LARGEST = 64 * 1024


def identity(source: str) -> dict[str, Any] | None:
    """Say what a change of a source would change, asking with our own rights; None where that cannot be relied on.

    A path is looked at, a far address is opened; not much of it is read. Raises what that raises.
    """
    if lies_far(source):
        far = open_far(source)
        # A weak ETag and `Last-Modified` let other contents of the same second pass.
        strong = far.version and not far.version.startswith("W/") and not far.version.endswith("GMT")
        return {"address": source, "size": far.size, "version": far.version} if strong else None
    status = os.stat(source)
    if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) < _SETTLED_NS:
        return None
    times = {"modified": status.st_mtime_ns, "changed": status.st_ctime_ns}
    return {
        "address": os.path.abspath(source),
        "size": status.st_size,
        "file": [status.st_dev, status.st_ino],
        **times,
    }


class Memo:
    """Digests by identity, in a store; an address, which may hold secrets, is kept as a digest only."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, known: dict[str, Any] | None) -> str:
        """Give the sha256 of what is known to be the same; empty where nobody read it."""
        if known is None:
            return ""
        key = _key(known)
        found = self._store.stat(key)
        if found is None or found.size > _LARGEST:
            return ""
        with self._store.open(key) as file, suppress(ValueError, TypeError, KeyError, RecursionError):
            return str(json.loads(file.read())["sha256"])
        return ""

    def keep(self, known: dict[str, Any] | None, sha256: str) -> None:
        """Note what was read; a store that does not take it costs another reading only."""
        if known is not None:
            note = {"sha256": sha256, "source": shown(str(known["address"])), "size": known["size"]}
            with suppress(WorldError):
                self._store.put(_key(known), json.dumps(note).encode())


def _key(known: dict[str, Any]) -> str:
    return f"memo/{hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()}"
