"""Blocks of far sources that all attempts of all jobs on this machine share, in a folder of bounded size."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from media_ops.settings import Settings
from media_ops.storage.alone import alone, lock
from media_ops.storage.blocks import BlockFile
from media_ops.storage.claim import sweep

_OURS = re.compile(r"[0-9a-f]{64}")
_PAGE = 4096
_RESERVE = 16 * 2**30  # bytes, or a tenth of the disk where that is less
_PATIENCE = 1.0  # seconds for another process to write a few blocks
_REST = 30.0  # seconds without keeping anything after that was not enough


class BlockCache:
    """Files of blocks below `folder`, which together take at most `most` bytes of its disk and never fill it.

    Whoever has a file open holds a shared lock on it, which ends with its process. When there is no room, the others
    are removed whole, those first that were not used for longest. Blocks are written, and room is made for them, by
    one process at a time, so the bound holds at every moment.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self.folder = folder.absolute() / "blocks"  # a folder of our own: what is in it may be removed
        self.most = most

    @classmethod
    def from_settings(cls) -> BlockCache | None:
        """Give the one that the settings name, if any."""
        settings = Settings()
        return cls(Path(settings.cache), settings.cache_bytes) if settings.cache and settings.cache_bytes else None

    def open(self, name: str, size: int) -> CachedBlocks | None:
        """Open a source's blocks, there or not yet; None where the folder is not ours, or cannot be used."""
        try:
            self._make()
            while not (blocks := CachedBlocks(self, name, size)).hold():
                blocks.close()
        except OSError:
            return None
        with contextlib.suppress(OSError), self.room(0):  # the bound may have been lowered, the disk filled by others
            pass
        return blocks

    @contextlib.contextmanager
    def room(self, wanted: int) -> Iterator[bool]:
        """Tell whether so many bytes may be written, having removed what had to be; others wait meanwhile."""
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with alone(descriptor, _PATIENCE):
                yield self._cleared(wanted)
        finally:
            os.close(descriptor)

    def _make(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
            raise PermissionError(f"{self.folder} can be written by others")

    def _cleared(self, wanted: int) -> bool:
        found = sorted(self._files(), key=lambda file: file[1].st_mtime_ns)
        used = sum(_taken(status) for _, status in found)
        disk = os.statvfs(self.folder)
        reserve = min(_RESERVE, disk.f_blocks * disk.f_frsize // 10)
        short = max(used + wanted - self.most, reserve + wanted - disk.f_bavail * disk.f_frsize)
        for path, status in found:
            if short <= 0:
                break
            sweep(path, path.unlink)
            if not path.exists():
                short -= _taken(status)
        return short <= 0

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if _OURS.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                    yield Path(entry.path), entry.stat(follow_symlinks=False)


class CachedBlocks(BlockFile):
    """A file of the cache, held: nobody removes it."""

    def __init__(self, cache: BlockCache, name: str, size: int) -> None:
        super().__init__(cache.folder / name, size)
        self._cache = cache
        self._resting = 0.0

    def hold(self) -> bool:
        """Hold it until it is closed, and note that it is used; False if it was removed just before."""
        lock(self._file, _PATIENCE, shared=True)
        os.utime(self._file)
        return os.fstat(self._file).st_nlink > 0

    def put(self, number: int, data: bytes) -> bool:
        """Keep blocks if the cache has room for them, or can make it."""
        if time.monotonic() < self._resting:
            return False
        try:
            with self._cache.room(len(data) + 4 * _PAGE) as given:  # ends, digests, the disk's own
                return given and super().put(number, data)
        except BlockingIOError:
            self._resting = time.monotonic() + _REST
        except OSError:
            pass
        return False


def _taken(status: os.stat_result) -> int:
    return status.st_blocks * 512
