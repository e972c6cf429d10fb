"""Whether a source is still the file that was looked at first."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydantic import Field

from media_ops.errors import SourceChanged
from media_ops.model import Noun
from media_ops.pulse import beat
from media_ops.storage.attached import attached
from media_ops.storage.source import open_source

_BLOCK = 1 << 20


class SourceState(Noun):
    """What a change of a file would change too, or of a far one its version; its sha256 once all of it was read."""

    size: int
    modified_ns: int = 0
    changed_ns: int = 0
    inode: int = 0
    settled: bool = Field(False, description="A later change of the file shows in its times.")
    version: str = ""
    sha256: str = ""

    @classmethod
    def of(cls, path: str | Path) -> SourceState:
        """Look at the file as it is now, at a far one as it was when this process opened it."""
        if found := attached(path):
            return cls(size=found.far.size, version=found.far.version)
        status = os.stat(path)
        return cls(
            size=status.st_size,
            modified_ns=status.st_mtime_ns,
            changed_ns=status.st_ctime_ns,
            inode=status.st_ino,
            settled=_is_settled(status),
        )

    def check(self, path: str | Path) -> None:
        """Raise `SourceChanged` if the file is another by now, and what went wrong when a far one was read."""
        if found := attached(path):
            if found.failure:
                raise found.failure
            return self.check_version(str(path), *found.far.now())
        try:
            now = SourceState.of(path)
        except OSError as error:
            raise SourceChanged(f"{path}: the source is gone ({error.strerror}) before its job ended") from error
        if (now.size, now.modified_ns) != (self.size, self.modified_ns):
            raise SourceChanged(
                f"{path}: the source was changed while it was worked on: {self.size} bytes when it was probed, "
                f"{now.size} now, and times of change {self.modified_ns} and {now.modified_ns}"
            )

    def is_sure(self, path: str | Path) -> bool:
        """Whether the source still is, beyond doubt, what its sha256 was made of: what is made of it may be kept.

        A job only has to notice a change. What is kept under a digest must not be of another file, be it one to which
        somebody gave the same size and time; where a link was made meanwhile it is not kept either.
        """
        if found := attached(path):
            return found.far.lasting and (found.far.size, found.far.version) == (self.size, self.version)
        try:
            now = SourceState.of(path)
        except OSError:
            return False
        same = {"size", "modified_ns", "changed_ns", "inode"}
        return self.settled and now.model_dump(include=same) == self.model_dump(include=same)

    def check_opened(self, path: str) -> None:
        """Raise `SourceChanged` if the far source that this process opened is another."""
        now = SourceState.of(path)
        self.check_version(path, now.size, now.version)

    def check_version(self, path: str, size: int, version: str) -> None:
        """Raise `SourceChanged` unless a far source has that size and version."""
        if (size, version) != (self.size, self.version):
            raise SourceChanged(
                f"{path}: the source was changed while it was worked on: {self.size} bytes of version "
                f"{self.version} when it was probed, {size} bytes of version {version} now"
            )


def _is_settled(status: os.stat_result) -> bool:
    """Whether another change now would show another time; some file systems count seconds."""
    tick = 0.05 if status.st_mtime_ns % 10**9 else 2.0
    return time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > tick * 10**9


class DigestBeside:
    """The sha256 of a file, computed in a thread beside other work; leaving the block gives it up."""

    def __init__(self, path: str | Path) -> None:
        self._path = path
        self._given_up = threading.Event()
        self._pool = ThreadPoolExecutor(1, "digest")

    def __enter__(self) -> DigestBeside:
        self._digest = self._pool.submit(self._read)
        return self

    def __exit__(self, *raised: object) -> None:
        self._given_up.set()
        self._pool.shutdown()

    def result(self) -> str:
        """Wait for it."""
        return self._digest.result()

    def _read(self) -> str:
        digest = hashlib.sha256()
        with open_source(self._path) as file:
            while not self._given_up.is_set() and (block := file.read(_BLOCK)):
                digest.update(block)
                beat()
        return digest.hexdigest()
