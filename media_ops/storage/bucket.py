"""An object of a store, read by ranges of one version."""

from __future__ import annotations

import threading
from typing import cast

from media_ops.errors import NotMedia, SourceChanged, SourceNotAllowed, SourceNotFound
from media_ops.storage.address import open_store
from media_ops.storage.far import shown
from media_ops.storage.port import Stat
from media_ops.storage.ranged import RangedFile
from media_ops.storage.s3 import S3Store
from media_ops.storage.s3_headers import is_lasting


class StoredObject:
    """A `FarObject` under `key` in `store`; `shown` is how people call it."""

    def __init__(self, store: S3Store, key: str, shown: str) -> None:
        self.shown = shown
        self.identity = f"{store.endpoint}/{store.bucket}/{store.prefix}{key}"
        self._store, self._key = store, key
        found = self._stat()
        if found is None:
            raise SourceNotFound(f"{shown!r} cannot be read: there is no such object")
        if not found.size:
            raise NotMedia(f"{shown!r} is no media: the file is empty")
        self._file = cast(RangedFile, store.open(key))
        self._alone = threading.Lock()
        # What was opened counts: between the look and the opening another may have been written.
        self.size, self.version = self._file.size, self._file.version
        self.lasting = is_lasting(self.version)

    @classmethod
    def at(cls, uri: str) -> StoredObject:
        """Open `s3://bucket/key`; everything behind the bucket is the key."""
        bucket, _, key = uri.partition("://")[2].partition("/")
        if not bucket or not key or "@" in bucket:
            raise SourceNotAllowed(f"{shown(uri)!r} cannot be read: it must be s3://bucket/key")
        return cls(cast(S3Store, open_store(f"s3://{bucket}")), key, shown(uri))

    @property
    def bytes_read(self) -> int:
        """How many bytes were fetched so far."""
        return self._file.bytes_read

    @property
    def requests(self) -> int:
        """How many requests for ranges were made."""
        return self._file.requests

    def fetch(self, offset: int, length: int) -> bytes:
        """Give a range of what was opened."""
        with self._alone:
            return self._file.fetch(offset, length)

    def now(self) -> tuple[int, str]:
        """Look at the object again."""
        found = self._stat()
        if found is None:
            raise SourceChanged(f"{self.shown}: the source is gone before its job ended")
        return found.size, found.version

    def close(self) -> None:
        """Let go of what was opened."""
        self._file.close()

    def _stat(self) -> Stat | None:
        try:
            return self._store.stat(self._key)
        except ValueError as error:
            raise SourceNotAllowed(f"{self.shown!r} cannot be read: {error}") from None
