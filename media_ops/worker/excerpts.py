"""Excerpts of a request's source, opened in its place for as long as a verb works."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from media_ops.errors import SourceNotFound
from media_ops.storage.far import shown
from media_ops.storage.source import lies_far

if TYPE_CHECKING:
    from media_ops.storage.excerpt import Excerpt
    from media_ops.storage.far import FarObject


@contextlib.contextmanager
def beside(request: str) -> Iterator[None]:
    """Read everything but the picture from the excerpt that a request as JSON names.

    The source itself is read where that is gone or damaged.
    """
    record: dict[str, Any] = json.loads(request)
    with contextlib.ExitStack() as stack:
        if record.get("beside") and (excerpt := _opened(record, record["beside"])):
            from media_ops.storage.stand_in import standing_in

            stack.callback(excerpt.close)
            stack.enter_context(_failing(excerpt))
            stack.enter_context(standing_in(record["source"], lambda: excerpt.open(record["source"]), "beside"))
        yield


@dataclass
class Piece:
    """A request whose source may have become a name that stands for a slice, and the source behind that."""

    request: str
    behind: _Behind | None = None

    @property
    def bytes_read(self) -> int:
        """What was fetched from far away."""
        return self.behind.far.bytes_read if self.behind and self.behind.far else 0


@contextlib.contextmanager
def sliced(request: str) -> Iterator[Piece]:
    """Open the slice of a request's segment as if it were its source. What it lacks comes from the source."""
    record: dict[str, Any] = json.loads(request)
    key = (record.get("segment") or {}).get("slice")
    excerpt = _opened(record, key) if key else None
    if excerpt is None:
        yield Piece(request)
        return
    from media_ops.storage.stand_in import standing_in

    behind = _Behind(record["source"], record)
    name = record["source"] = shown(record["source"]) if behind.is_far else record["source"]
    excerpt.beyond = behind.read
    with contextlib.closing(excerpt), _failing(excerpt), standing_in(name, lambda: excerpt.open(name)):
        yield Piece(json.dumps(record), behind)


class _Behind:
    """The source behind a slice, opened when it is needed: a frame that is missing is looked for from the start."""

    def __init__(self, source: str, record: dict[str, Any]) -> None:
        self.source = source
        self.is_far = lies_far(source)
        self.far: FarObject | None = None
        self._file: BinaryIO | None = None
        self._record = record

    def read(self, offset: int, length: int) -> bytes:
        """Give a range of the version that was probed."""
        if self._file is None:
            self._file = self._open()
        self._file.seek(offset)
        return self._file.read(length)

    def _open(self) -> BinaryIO:
        from media_ops.storage import open_store
        from media_ops.storage.state import SourceState

        with open_store(self._record["store"]).open(f"{self._record['prefix']}/source") as file:
            probed = SourceState.model_validate_json(file.read())
        if not self.is_far:
            if not os.path.exists(self.source):
                raise SourceNotFound(
                    f"{self.source}: its slice does not hold all that is read, and the source is not here"
                )
            probed.check(self.source)
            return open(self.source, "rb")
        from media_ops.storage.ranged import RangedFile
        from media_ops.storage.source import open_far

        self.far = open_far(self.source)
        probed.check_version(shown(self.source), self.far.size, self.far.version)
        return RangedFile(self.far.fetch, self.far.size)  # type: ignore[return-value]


def _opened(record: dict[str, Any], key: str) -> Excerpt | None:
    from media_ops.storage import open_store
    from media_ops.storage.excerpt import stored_excerpt

    return stored_excerpt(open_store(record["store"]), key)


@contextlib.contextmanager
def _failing(excerpt: Excerpt) -> Iterator[None]:
    """Raise what went wrong when it was read, whatever was made of it."""
    try:
        yield
    finally:
        if excerpt.failure:
            raise excerpt.failure
