"""Apply the rules that `media storage init` wrote into a folder store; an object store's server does that itself."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from pydantic import Field

from media_ops.errors import MediaError, StoreUnavailable
from media_ops.model import Noun
from media_ops.storage import keys
from media_ops.storage.claim import sweep
from media_ops.storage.folder import FolderStore
from media_ops.storage.lifecycle_folder import leftovers, read_rules
from media_ops.storage.removal import remove_unchanged, same
from media_ops.storage.roles import Role, Stores
from media_ops.storage.rules import Rules
from media_ops.storage.temporary import FOLDER, temporary_in
from media_ops.storage.walk import walk


class Tidied(Noun):
    """What was done to one store, or would be."""

    role: str
    address: str
    dry_run: bool = False
    deleted: int = 0
    deleted_bytes: int = 0
    moved: int = Field(0, description="To the folder `cold`.")
    moved_bytes: int = 0
    leftovers: int = Field(0, description="Files of writers that died.")
    leftover_bytes: int = 0
    changed: int = Field(0, description="Old when it was listed, and gone or another by the time it was to go.")
    kept: int = Field(0, description="Objects that stay where they are.")
    note: str = Field("", description="Why nothing was done.")
    error: dict[str, str] | None = None


def tidy(stores: Stores, *, dry_run: bool = False, now: float | None = None) -> list[Tidied]:
    """Go through the three stores; what goes wrong with one is in its record, and the others are tidied all the same.

    `now` is in seconds since the epoch; the clock's time by default.
    """
    done = []
    for name, role in stores.roles().items():
        try:
            done.append(_tidy(name, role, dry_run, time.time() if now is None else now))
        except MediaError as error:
            done.append(Tidied(role=name, address=role.store, dry_run=dry_run, error=error.to_record()))
    return done


def _tidy(name: str, role: Role, dry_run: bool, now: float) -> Tidied:
    nothing = Tidied(role=name, address=role.store, dry_run=dry_run)
    if role.bucket:
        return nothing.model_copy(update={"note": "the object store applies its rules itself"})
    root = Path(os.path.realpath(role.store))
    if not root.is_dir():
        return nothing.model_copy(update={"note": "there is no such folder yet"})
    rules = read_rules(root)
    if rules is None:
        return nothing.model_copy(update={"note": "it was given no rules: `media storage init`"})
    round_ = _Round(root, rules, dry_run, now)
    round_.go()
    error = round_.failure.to_record() if round_.failure else None
    return nothing.model_copy(update={**round_.done, "error": error})


class _Round:
    def __init__(self, root: Path, rules: Rules, dry_run: bool, now: float) -> None:
        self.root = root
        self.cold = FolderStore(rules.cold) if rules.cold else None
        self.rules = rules
        self.dry_run = dry_run
        self.now = now
        self.failure: MediaError | None = None
        self.done = dict.fromkeys(
            ("deleted", "deleted_bytes", "moved", "moved_bytes", "leftovers", "leftover_bytes", "changed", "kept"), 0
        )

    def go(self) -> None:
        """Do everything and count it; what cannot be done to one object keeps nothing from the others."""
        with self._noting(self.root):
            for key, seen in walk(self.root, "", None):
                with self._noting(self.root, key):
                    self._treat(key, seen)
        if self.cold:
            with self._noting(self.cold.root):
                for key, seen in walk(self.cold.root, "", None):
                    if self._older(seen, self.rules.delete_after):
                        with self._noting(self.cold.root, key):
                            self._delete(self.cold.root, key, seen)
        for root in (self.root, *([self.cold.root] if self.cold else [])):
            with self._noting(root):
                self._sweep(root)

    def _treat(self, key: str, seen: os.stat_result) -> None:
        if self._older(seen, self.rules.delete_after):
            self._delete(self.root, key, seen)
        elif self.cold and self._older(seen, self.rules.colder_after):
            self._move(self.cold, key, seen)
        else:
            self.done["kept"] += 1

    @contextlib.contextmanager
    def _noting(self, root: Path, key: str | None = None) -> Iterator[None]:
        """Remember the first failure: a full disk for what is cold must not keep what is too old from going."""
        try:
            yield
        except MediaError as error:
            self.failure = self.failure or error
        except OSError as error:
            place = f"store {root}" if key is None else f"object {key!r} in {root}"
            self.failure = self.failure or StoreUnavailable(f"{place}: {(error.strerror or str(error)).lower()}")

    def _older(self, seen: os.stat_result, age: timedelta | None) -> bool:
        return age is not None and self.now - seen.st_mtime > age.total_seconds()

    def _delete(self, root: Path, key: str, seen: os.stat_result) -> None:
        self._count("deleted" if self.dry_run or remove_unchanged(root, key, seen) else "changed", seen)

    def _move(self, cold: FolderStore, key: str, seen: os.stat_result) -> None:
        """Copy, with its age, and then remove; killed in between, both are there, and the next round goes on."""
        if self.dry_run:
            self._count("moved", seen)
            return
        with contextlib.ExitStack() as stack:
            try:
                source = stack.enter_context(open(self.root.joinpath(*keys.to_names(key)), "rb"))
            except (FileNotFoundError, NotADirectoryError):
                self._count("changed", seen)
                return
            if not same(os.fstat(source.fileno()), seen):
                self._count("changed", seen)
                return
            tags = FolderStore(self.root).tags(key)
            path, file = stack.enter_context(temporary_in(cold.root))
            shutil.copyfileobj(source, file, 1 << 20)
            file.flush()
            cold.put(key, path)
            place = cold.path(key)
            if place is not None:
                os.utime(place, ns=(seen.st_mtime_ns, seen.st_mtime_ns))
            if tags:
                cold.tag(key, tags)  # they are kept for this age of the object
        self._count("moved" if remove_unchanged(self.root, key, seen) else "changed", seen)

    def _sweep(self, root: Path) -> None:
        old = [(name, seen) for name, seen in leftovers(root) if self._older(seen, self.rules.abort_after)]
        if not old:
            return
        descriptor = os.open(root / FOLDER, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            for name, seen in old:
                place = Path(f"/proc/self/fd/{descriptor}") / name  # this folder, whatever becomes of its name
                sweep(place, lambda place=place, seen=seen: self._remove_leftover(place, seen))  # type: ignore[misc]
        finally:
            os.close(descriptor)

    def _remove_leftover(self, place: Path, seen: os.stat_result) -> None:
        if not self.dry_run:
            place.unlink()
        self._count("leftovers", seen)

    def _count(self, what: str, seen: os.stat_result) -> None:
        self.done[what] += 1
        size = {"leftovers": "leftover_bytes"}.get(what, f"{what}_bytes")
        if size in self.done:
            self.done[size] += seen.st_size
