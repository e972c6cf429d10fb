"""The interface of every store; `tests/storage/test_contract.py` is its law."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class Stat:
    """What a store knows of an object without reading it."""

    key: str
    size: int
    modified: datetime


class Store(Protocol):
    """Whole objects under text keys; nothing half-written is ever visible.

    A key that `keys.check` refuses raises `ValueError`; whatever goes wrong below raises `StoreUnavailable`.
    """

    def open(self, key: str) -> BinaryIO:
        """Open for ranged reading (seekable); what was opened stays whole while the object is replaced."""

    def put(self, key: str, data: bytes | Path) -> Stat:
        """Write or replace atomically. A `Path` is handed over: gone afterwards, moved where that is possible."""

    def put_if_absent(self, key: str, data: bytes | Path) -> bool:
        """Write unless the key exists; of many racers exactly one gets True. A loser keeps its `Path`."""

    def stat(self, key: str) -> Stat | None:
        """Look without reading; None when there is no such object."""

    def list(self, prefix: str = "", *, after: str | None = None, limit: int = 1000) -> list[Stat]:
        """Give at most `limit` objects whose keys start with `prefix` and are greater than `after`, by key."""

    def delete(self, key: str) -> None:
        """Remove; no error when there is nothing."""

    def path(self, key: str) -> Path | None:
        """Give the object's own file to read from, where the store has one; None where it has none."""
