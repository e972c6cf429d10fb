"""The boxes of MP4 and MOV, taken apart and put together again."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

_HOLDERS = (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"edts", b"moof", b"traf", b"udta")


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give the kind and the content of each box at the top of `data`."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + size]
        at += size


def box(kind: bytes, content: bytes) -> bytes:
    """Give one box."""
    return struct.pack(">I4s", len(content) + 8, kind) + content


def changed(data: bytes, change: Callable[[bytes, bytes], bytes]) -> bytes:
    """Give `data` with the content of every box as `change(kind, content)` has it, sizes put right."""
    return b"".join(
        box(kind, changed(content, change) if kind in _HOLDERS else change(kind, content))
        for kind, content in boxes(data)
    )
