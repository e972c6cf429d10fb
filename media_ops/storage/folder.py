"""The store in a folder on disk: each object a file, written beside and moved into place."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from media_ops.errors import StoreUnavailable
from media_ops.storage import keys
from media_ops.storage.claim import claim, sweep
from media_ops.storage.durable import sync
from media_ops.storage.port import Stat
from media_ops.storage.removal import moving
from media_ops.storage.temporary import FOLDER as _TEMPORARY
from media_ops.storage.walk import walk


class FolderStore:
    """Objects below `root`, which is made with the first object. Symbolic links inside are not followed."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(os.path.realpath(root))
        self._swept = False

    def open(self, key: str) -> BinaryIO:
        """Open for reading."""
        with self._blaming(key):
            place = self._place(key)
            if not self._reachable(place):
                raise FileNotFoundError(errno.ENOENT, "there is no such object")
            return open(place, "rb")

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
            with self._ready(data) as ready:
                try:
                    self._settle(key, ready, os.link)
                except FileExistsError:
                    return False
                ready.unlink()
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
            with contextlib.suppress(OSError):  # not empty, or a writer was faster
                while (place := place.parent) != self.root:
                    place.rmdir()

    def path(self, key: str) -> Path | None:
        """Give the object's file."""
        with self._blaming(key):
            place = self._place(key)
            return place if self._reachable(place) else None

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
                    # pathlib saw it, then looked what it was, and a deleter had been there in between.
                    if place.parent.is_dir() or not os.path.lexists(place.parent):
                        continue
                    raise
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
        temporary = self.root / _TEMPORARY / uuid.uuid4().hex
        descriptor = self._claim(temporary)
        try:
            with open(descriptor, "wb", closefd=False) as target:
                if isinstance(data, Path):
                    with data.open("rb") as source:
                        shutil.copyfileobj(source, target, 1 << 20)
                else:
                    target.write(data)
            os.fsync(descriptor)
            yield temporary
            if isinstance(data, Path):
                data.unlink(missing_ok=True)
        finally:
            temporary.unlink(missing_ok=True)
            os.close(descriptor)

    def _movable(self, path: Path) -> bool:
        self.root.mkdir(parents=True, exist_ok=True)
        status = path.lstat()
        here = status.st_dev == self.root.stat().st_dev
        return here and stat.S_ISREG(status.st_mode) and os.access(path, os.W_OK)

    def _claim(self, temporary: Path) -> int:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        if not self._swept:
            self._swept = True
            for leftover in temporary.parent.iterdir():
                sweep(leftover, leftover.unlink)
        while (descriptor := claim(temporary)) is None:
            pass
        return descriptor

    @contextlib.contextmanager
    def _blaming(self, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreUnavailable(f"object {key!r} in {self.root}: {error.strerror or error}") from error


def _describe(key: str, status: os.stat_result) -> Stat:
    return Stat(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))
