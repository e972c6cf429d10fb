"""Parts that lie in a store, brought to this machine and compared with what was written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops.errors import ObjectDamaged
from media_ops.model import Part
from media_ops.storage.passing import sha256_of

if TYPE_CHECKING:
    from media_ops.storage.port import Store

_AT_A_TIME = 4


class Gathered:
    """Files of this machine that hold parts: the store's own where it has such, else copies in `folder`."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._paths: dict[str, Path] = {}

    def bring(self, parts: Iterable[Part]) -> bool:
        """Bring parts; say whether all of them are there as they were written."""
        with ThreadPoolExecutor(_AT_A_TIME, "gather") as pool:
            return all(list(pool.map(self._bring, parts)))

    def path(self, key: str) -> Path:
        """Give the file of a part that was brought."""
        return self._paths[key]

    def _bring(self, part: Part) -> bool:
        found = self._store.stat(part.key)
        if found is None or found.size != part.size:
            return False
        path = self._store.path(part.key)
        if path is None:
            path = self._folder / hashlib.sha256(part.key.encode()).hexdigest()
            try:
                self._store.fetch(part.key, path)
            except ObjectDamaged:
                return False
        with path.open("rb") as file:
            whole = sha256_of(file) == part.sha256
        self._paths[part.key] = path
        return whole
