"""Stores in folders, and objects that are as old as a test wants."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from media_ops.storage.folder import FolderStore
from media_ops.storage.janitor import Tidied
from media_ops.storage.lifecycle import initialise
from media_ops.storage.roles import Stores

DAY = 86400


def make(home: Path, init: bool = True, **rules: dict[str, Any]) -> Stores:
    roles = {name: {"store": f"media-{name}", **rules.get(name, {})} for name in ("source", "result", "segment")}
    stores = Stores.model_validate({"home": str(home), **roles})
    if init:
        initialise(stores)
    return stores


def aged(store: FolderStore, key: str, days: float, body: bytes = b"body") -> Path:
    """Put an object that is so old."""
    store.put(key, body)
    path = store.path(key)
    assert path is not None
    then = time.time() - days * DAY
    os.utime(path, (then, then))
    return path


def of(done: list[Tidied], role: str) -> Tidied:
    return next(one for one in done if one.role == role)
