"""Reading a whole object into a file: ranges of one version, several at a time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from media_ops.errors import StoreUnavailable
from media_ops.storage.section import Section

RANGE = 8 * 2**20  # bytes; as many are in memory for each that is under way, and once more while they arrive
AT_A_TIME = 4


def download(fetch: Callable[[int, int], bytes], size: int, path: Path) -> str:
    """Write `size` bytes, of which `fetch(offset, length)` gives a range, into a new file; give their sha256.

    The digest is made of what the file holds, range by range while others still arrive.
    """
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        os.ftruncate(descriptor, size)

        def bring(offset: int) -> tuple[int, int]:
            length = min(RANGE, size - offset)
            data = fetch(offset, length)
            if len(data) != length:
                raise StoreUnavailable(f"{len(data)} bytes instead of {length} came from place {offset}")
            at = 0
            while at < length:
                at += os.pwrite(descriptor, memoryview(data)[at:], offset + at)
            return offset, length

        with ThreadPoolExecutor(AT_A_TIME, "download") as pool:
            try:
                for offset, length in pool.map(bring, range(0, size, RANGE)):
                    Section(descriptor, offset, length).update(digest)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    finally:
        os.close(descriptor)
    return digest.hexdigest()
