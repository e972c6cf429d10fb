"""The interface of every store; `tests/storage/test_contract*.py` are its law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class Stat:
    """What a store knows of an object without reading it.

    `version` differs when the object was replaced by another content. It is no checksum: it tells nothing else.
    """

    key: str
    size: int
    modified: datetime
    version: str


class Store(Protocol):
    """Whole objects under text keys; nothing half-written is ever visible.

    A key that `keys.check` refuses raises `ValueError`. What a store will not do however often it is asked (wrong
    credentials, no permission, no bucket) raises `StoreRefused`, whatever else goes wrong below `StoreUnavailable`.
    """

    def open(self, key: str) -> BinaryIO:
        """Open for ranged reading (seekable).

        What was opened is read as it was then. Where a store cannot keep an object that is replaced or deleted
        meanwhile, reading on raises `SourceChanged`: two versions are never mixed.
        """

    def fetch(self, key: str, path: Path) -> Stat:
        """Write the object to a file, of one version and checked where the store can; seen, or replaced, when whole.

        The folder must be there. Whatever raises leaves `path` as it was.
        """

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

    def copy(self, key: str, to: str) -> Stat:
        """Write the object under another key of this store, with its tags, replacing what is there."""

    def sha256(self, key: str) -> str | None:
        """Give the content's sha256; None where that cannot be known without reading an object from afar."""

    def tags(self, key: str) -> dict[str, str]:
        """Give the object's tags; empty when it has none."""

    def tag(self, key: str, tags: Mapping[str, str]) -> None:
        """Replace the object's tags, as `tagging.check` allows them.

        Writing an object anew takes them off here and at S3, but not at every server: whoever tags does it again.
        """

    def presign_get(self, key: str, seconds: int) -> str:
        """Give an address that reads the object without credentials, for `seconds` from now.

        A folder gives a `file:` address, which never expires; memory has none to give and raises `StoreRefused`.
        """

    def presign_put(self, key: str, seconds: int) -> str:
        """Give an address to which the object can be written once or often, for `seconds` from now.

        Folder and memory raise `StoreRefused`: what is written beside the store could be seen half-written.
        """
