"""The store in a folder on disk: each object a file, written beside and moved into place."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from media_ops.errors import StoreRefused, StoreUnavailable
from media_ops.storage import keys, tagging
from media_ops.storage.claim import sweep
from media_ops.storage.durable import sync
from media_ops.storage.landing import landing
from media_ops.storage.passing import pour, sha256_of
from media_ops.storage.port import Stat
from media_ops.storage.removal import moving
from media_ops.storage.temporary import FOLDER, temporary_in
from media_ops.storage.walk import walk


class FolderStore:
    """Objects below `root`, which is made with the first object. Symbolic links inside are not followed."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(os.path.realpath(root))
        self._swept = False

    def open(self, key: str) -> BinaryIO:
        """Open for reading."""
        with self._blaming(key):
            return open(self._existing(key), "rb")

    def fetch(self, key: str, path: Path) -> Stat:
        """Copy the file: a link would have what is done to one happen to the other."""
        with self.open(key) as source:
            with landing(path) as place, place.open("xb") as target:
                pour(source, target)
            return _describe(key, os.fstat(source.fileno()))

    def put(self, key: str, data: bytes | Path) -> Stat:
        """Write or replace."""
        with self._blaming(key), self._ready(data) as ready:
            status = ready.stat()
            self._settle(key, ready, os.replace)
            return _describe(key, status)

    def put_if_absent(self, key: str, data: bytes | Path) -> bool:
        """Write unless it exists: a hard link is made by one racer only."""
        with self._blaming(key):
            if os.path.lexists(self._place(key)):
                return False
            try:
                with self._ready(data) as ready:
                    self._settle(key, ready, os.link)
                    ready.unlink()
            except FileExistsError:  # leaves the block as an error: a loser keeps its file
                return False
            return True

    def stat(self, key: str) -> Stat | None:
        """Look without reading."""
        with self._blaming(key):
            place = self._place(key)
            return _describe(key, place.lstat()) if self._reachable(place) else None

    def list(self, prefix: str = "", *, after: str | None = None, limit: int = 1000) -> list[Stat]:
        """Walk in the order of the keys, entering only the folders that can hold what is asked for."""
        with self._blaming(prefix):
            found = walk(self.root, prefix, after)
            return list(islice((_describe(key, status) for key, status in found), limit))

    def delete(self, key: str) -> None:
        """Remove the file, and the folders that are empty without it."""
        with self._blaming(key):
            place = self._place(key)
            if not self._reachable(place):
                return
            place.unlink(missing_ok=True)
            _sidecar(place).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # not empty, or a writer was faster
                while (place := place.parent) != self.root:
                    place.rmdir()

    def path(self, key: str) -> Path | None:
        """Give the object's file."""
        with self._blaming(key):
            place = self._place(key)
            return place if self._reachable(place) else None

    def copy(self, key: str, to: str) -> Stat:
        """Copy the file; a link would have the copy share its time of change, and so its end of life."""
        with self.open(key) as source, self._blaming(to):
            tags = self._tags(key, os.fstat(source.fileno()))
            with self._written(source) as ready:
                status = ready.stat()
                self._settle(to, ready, os.replace)
            if tags:
                self._write_tags(to, status, tags)
            return _describe(to, status)

    def sha256(self, key: str) -> str | None:
        """Read the file."""
        with self._blaming(key), open(self._existing(key), "rb") as file:
            return sha256_of(file)

    def tags(self, key: str) -> dict[str, str]:
        """Read them from the file beside, unless it speaks of an older object."""
        with self._blaming(key):
            return self._tags(key, self._existing(key).lstat())

    def tag(self, key: str, tags: Mapping[str, str]) -> None:
        """Write them into a file beside, which no key becomes; extended attributes are lost by many a copy."""
        wanted = tagging.check(tags)
        with self._blaming(key):
            self._write_tags(key, self._existing(key).lstat(), wanted)

    def presign_get(self, key: str, seconds: int) -> str:
        """Give the file's address, which does not expire."""
        with self._blaming(key):
            return self._existing(key).as_uri()

    def presign_put(self, key: str, seconds: int) -> str:
        """Refuse: a file that others write could be seen half-written."""
        keys.check(key)
        raise StoreRefused(f"object {key!r} in {self.root}: a folder takes objects from this program only")

    def _existing(self, key: str) -> Path:
        place = self._place(key)
        if not self._reachable(place):
            raise FileNotFoundError(errno.ENOENT, "there is no such object")
        return place

    def _tags(self, key: str, status: os.stat_result) -> dict[str, str]:
        try:
            found = json.loads(_sidecar(self._place(key)).read_bytes())
        except FileNotFoundError:
            return {}
        return dict(found["tags"]) if found["version"] == _version(status) else {}

    def _write_tags(self, key: str, status: os.stat_result, tags: Mapping[str, str]) -> None:
        text = json.dumps({"version": _version(status), "tags": dict(tags)})
        with self._written(io.BytesIO(text.encode())) as ready:
            os.replace(ready, _sidecar(self._place(key)))

    def _place(self, key: str) -> Path:
        return self.root.joinpath(*keys.to_names(key))

    def _reachable(self, place: Path) -> bool:
        try:
            return stat.S_ISREG(place.lstat().st_mode) and os.path.realpath(place.parent) == str(place.parent)
        except (FileNotFoundError, NotADirectoryError):
            return False

    def _settle(self, key: str, ready: Path, move: Callable[[Path, Path], None]) -> None:
        place = self._place(key)
        for _ in range(100):  # a deleter may take the folder away again in between
            with contextlib.suppress(FileNotFoundError):
                try:
                    place.parent.mkdir(parents=True, exist_ok=True)
                except FileExistsError:
                    # pathlib saw it, then looked what it was, and a deleter had been there in between. One look
                    # here: between two of them another writer makes it again (seen with eight threads).
                    if _is_in_the_way(place.parent):
                        raise
                    continue
                if os.path.realpath(place.parent) != str(place.parent):
                    raise OSError(errno.ELOOP, "a folder on the way is a symbolic link")
                with moving(self.root):
                    move(ready, place)
                with contextlib.suppress(FileNotFoundError):  # already deleted again
                    sync(place.parent)
                return
        raise OSError(errno.ENOENT, "its folder vanishes again and again")

    @contextlib.contextmanager
    def _ready(self, data: bytes | Path) -> Iterator[Path]:
        """Give a synced file on the store's own file system, ready to be moved."""
        if isinstance(data, Path) and self._movable(data):
            os.utime(data)  # its age begins now, as in every other store: rules delete by it
            sync(data)
            yield data
            return
        with contextlib.ExitStack() as stack:
            source = stack.enter_context(data.open("rb")) if isinstance(data, Path) else io.BytesIO(data)
            yield stack.enter_context(self._written(source))
        if isinstance(data, Path):
            data.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _written(self, source: BinaryIO) -> Iterator[Path]:
        """Give a synced temporary file with what `source` holds."""
        self._sweep()
        with temporary_in(self.root) as (temporary, target):
            pour(source, target)
            target.flush()
            sync(temporary)
            yield temporary

    def _movable(self, path: Path) -> bool:
        self.root.mkdir(parents=True, exist_ok=True)
        status = path.lstat()
        here = status.st_dev == self.root.stat().st_dev
        return here and stat.S_ISREG(status.st_mode) and os.access(path, os.W_OK)

    def _sweep(self) -> None:
        """Remove, once, what writers left that died."""
        if not self._swept:
            self._swept = True
            with contextlib.suppress(FileNotFoundError):
                for leftover in (self.root / FOLDER).iterdir():
                    sweep(leftover, leftover.unlink)

    @contextlib.contextmanager
    def _blaming(self, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreUnavailable(f"object {key!r} in {self.root}: {error.strerror or error}") from error


def _describe(key: str, status: os.stat_result) -> Stat:
    return Stat(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC), _version(status))


def _version(status: os.stat_result) -> str:
    """Give what a replacement changes: a file that was moved here keeps its time, but is another file."""
    return f"{status.st_mtime_ns}-{status.st_size}-{status.st_ino}"


def _is_in_the_way(place: Path) -> bool:
    try:
        return not stat.S_ISDIR(place.lstat().st_mode)
    except FileNotFoundError:
        return False


def _sidecar(place: Path) -> Path:
    return place.with_name(f".{place.name}.tags")
