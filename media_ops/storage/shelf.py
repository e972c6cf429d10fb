"""Finished work under content keys: a small record names its parts, and the first record counts."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from media_ops.errors import WorldError
from media_ops.model import Noun, Part
from media_ops.storage.passing import sha256_of
from media_ops.storage.port import Store

_LARGEST = 16 * 2**20  # bytes of a record


class Record(Noun):
    """What was made, in its maker's own words, and the objects that hold it."""

    schema_version: int = 1
    made: dict[str, Any]
    parts: list[Part]


class Shelf:
    """Work of one `kind`, such as `segment`: its record lies at `{kind}s/{key}/{kind}.json`, its parts beside.

    Parts have names of their own for each attempt, so that nothing is overwritten and large objects never race; of
    many records that are put one is seen by all.
    """

    def __init__(self, store: Store, kind: str) -> None:
        self._store = store
        self._kind = kind

    def place(self, key: str, attempt: str) -> str:
        """Give what the keys of an attempt's parts begin with."""
        return f"{self._kind}s/{key}/{attempt}"

    def put(self, key: str, data: bytes | Path) -> Part:
        """Store a part."""
        if isinstance(data, bytes):
            size, digest = len(data), hashlib.sha256(data).hexdigest()
        else:
            with data.open("rb") as file:
                size, digest = data.stat().st_size, sha256_of(file)
        self._store.put(key, data)
        return Part(key=key, size=size, sha256=digest)

    def find(self, key: str) -> Record | None:
        """Give the record if all its parts are there as they were written, else None."""
        record = self._read(key)
        return record if record and all(self._is_whole(part) for part in record.parts) else None

    def keep(self, key: str, made: Mapping[str, Any], parts: list[Part], *, replace: bool = False) -> Record:
        """Put the record if there is none, or a broken one, or to `replace` what is there; give the one that counts.

        Parts of a record that came too late are deleted.
        """
        ours = Record(made=dict(made), parts=parts)
        data = ours.model_dump_json().encode()
        if not replace:
            if self._store.put_if_absent(self._place(key), data):
                return ours
            if winner := self.find(key):
                if winner.parts != parts:
                    self._discard(parts)
                return winner
        self._store.put(self._place(key), data)
        return ours

    def forget(self, key: str) -> None:
        """Take the record away, so that the work is done anew."""
        self._store.delete(self._place(key))

    def _place(self, key: str) -> str:
        return f"{self._kind}s/{key}/{self._kind}.json"

    def _read(self, key: str) -> Record | None:
        found = self._store.stat(self._place(key))
        if found is None or found.size > _LARGEST:
            return None
        with self._store.open(self._place(key)) as file:
            try:
                record = Record.model_validate_json(file.read())
            except ValidationError:
                return None
        return record if record.schema_version == 1 else None

    def _is_whole(self, part: Part) -> bool:
        found = self._store.stat(part.key)
        return found is not None and found.size == part.size and self._store.sha256(part.key) == part.sha256

    def _discard(self, parts: list[Part]) -> None:
        with contextlib.suppress(WorldError):  # rules of the store take what is left
            for part in parts:
                self._store.delete(part.key)
