"""Which bytes of a source one segment is read from."""

from __future__ import annotations

from media_ops.frames.index import Rows
from media_ops.frames.packets import OnPacket
from media_ops.frames.reader import pass_over
from media_ops.storage.excerpt import Range, joined_ranges
from media_ops.storage.source import open_itself
from media_ops.storage.stand_in import standing_in
from media_ops.storage.watched import Watched

# Nearer ranges become one: fewer pieces, hardly more bytes.
_BRIDGED = 1 << 16


def bytes_needed(name: str, rows: Rows, on_packet: OnPacket) -> list[Range]:
    """Give the ranges that `FrameReader` reads for `rows`: it is let do so, and decodes nothing."""
    reads: list[Range] = []
    with standing_in(name, lambda: Watched(open_itself(name), name, reads)):
        pass_over(name, rows, on_packet)
    return joined_ranges(reads, _BRIDGED)
