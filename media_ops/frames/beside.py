"""An excerpt of a source with all that lies beside its picture: sound, subtitles, attachments, tags.

It is small, and the sound and the merge read it instead of a far source's bulk.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet

from media_ops.errors import MediaError
from media_ops.frames.account import Account
from media_ops.frames.gaps import Finder, finder
from media_ops.frames.packets import OnPacket
from media_ops.frames.source import demux, only_video, open_media
from media_ops.storage.excerpt import Excerpt, Range, joined_ranges, write_excerpt
from media_ops.storage.source import open_itself, size_of
from media_ops.storage.stand_in import standing_in
from media_ops.storage.watched import Watched

# A range takes 16 bytes of its own.
_BRIDGED = 64
# Of the source: a larger excerpt is not worth its making and moving.
_MOST_KEPT = 0.5


def keep_beside(name: str, path: Path, on_packet: OnPacket) -> str | None:
    """Write the excerpt of the source `name` into `path`; give its sha256.

    None where it would not be much smaller than the source, or where a demuxer does not give of it, packet by packet
    and byte by byte, what it gives of the source. What is behind a picture that cannot be read is not looked for.
    """
    try:
        with open_media(name) as container:
            video = only_video(container).index
        with open_itself(name) as file:
            size = size_of(name)
            found, wanted, reads = _gaps(name, file, size, video, on_packet)
            if found is None:
                return None
            # A filling is laid from where a gap begins: that must be where a packet could.
            unit = len(found.filling)
            head = [(start // unit * unit, min(size, -(-end // unit) * unit)) for start, end in reads]
            kept = joined_ranges([*_outside(found.gaps, size), *head], _BRIDGED)
            if sum(end - start for start, end in kept) > _MOST_KEPT * size:
                return None
            sha256 = write_excerpt(file, size, kept, path, found.filling)
        return sha256 if _account_of(path, name, video, on_packet) == wanted else None
    except (FFmpegError, MediaError, OSError, ValueError):
        return None


def _gaps(
    name: str, file: BinaryIO, size: int, video: int, on_packet: OnPacket
) -> tuple[Finder | None, str, list[Range]]:
    """Read the whole source: where its picture lies, what else is in it, and what was read to open it."""
    reads: list[Range] = []
    with standing_in(name, lambda: Watched(open_itself(name), name, reads)), open_media(name) as container:
        opening = joined_ranges(reads, 0)
        account = Account(video)
        found = finder(container.format.name, file, size, container.streams[video].id)
        for packet in _counted(container, on_packet) if found else ():
            account.add(packet)
            if packet.size and packet.stream_index == video and found:
                found.see(packet)
        return found, account.digest(container), opening


def _account_of(path: Path, name: str, video: int, on_packet: OnPacket) -> str:
    with path.open("rb") as file:
        excerpt = Excerpt(file)
        with standing_in(name, lambda: excerpt.open(name)), open_media(name) as container:
            account = Account(video)
            for packet in _counted(container, on_packet):
                account.add(packet)
            digest = account.digest(container)
        if excerpt.failure:
            raise excerpt.failure
        return digest


def _counted(container: InputContainer, on_packet: OnPacket) -> Iterator[Packet[Any]]:
    for number, packet in enumerate(demux(container, list(container.streams))):
        if number % 256 == 255:
            on_packet(number)
        yield packet


def _outside(gaps: list[Range], size: int) -> list[Range]:
    closed = joined_ranges(gaps, 0)
    edges = [0, *(edge for gap in closed for edge in gap), size]
    return [(start, end) for start, end in zip(edges[0::2], edges[1::2], strict=True) if start < end]
