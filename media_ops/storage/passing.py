"""Bytes on their way, block by block, each a sign of life: a copy, a digest."""

from __future__ import annotations

import hashlib
from typing import BinaryIO

from media_ops.pulse import beat

_BLOCK = 1 << 20


def sha256_of(file: BinaryIO) -> str:
    """Give the sha256 of what follows in `file`."""
    digest, block = hashlib.sha256(), memoryview(bytearray(_BLOCK))
    while size := file.readinto(block):  # type: ignore[attr-defined]
        digest.update(block[:size])
        beat()
    return digest.hexdigest()


def pour(source: BinaryIO, target: BinaryIO) -> None:
    """Copy what follows in `source`."""
    while data := source.read(_BLOCK):
        target.write(data)
        beat()
