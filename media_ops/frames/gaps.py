"""Where the picture lies in a file, byte by byte."""

from __future__ import annotations

from typing import Any, BinaryIO, Protocol

import numpy as np
from av.packet import Packet

from media_ops.storage.excerpt import Range

# What a container puts between the place that it gives for a packet and the packet's first byte: a block's header.
_MOST_HEADER = 64
# Smaller packets are not worth a range.
_LEAST = 256
# Of a transport stream's packets: what each takes up, and where in it the packet begins.
_STRIDES = ((188, 0), (192, 4))
_SYNC, _NULL, _AT_ONCE = 0x47, b"\x47\x1f\xff\x10" + b"\xff" * 184, 1 << 16


class Finder(Protocol):
    """Collects `gaps`; `filling` is what may stand there instead."""

    gaps: list[Range]
    filling: bytes

    def see(self, packet: Packet[Any]) -> None:
        """Look for a packet of the picture."""


class Payloads:
    """Packets that lie in the file in one piece; each is looked up there, and one that is not found stays."""

    filling = b"\0"

    def __init__(self, file: BinaryIO) -> None:
        self.gaps: list[Range] = []
        self._file = file

    def see(self, packet: Packet[Any]) -> None:
        """Look for it near the place that the demuxer says."""
        if packet.size < _LEAST or packet.pos is None or packet.pos < 0:
            return
        self._file.seek(packet.pos)
        at = self._file.read(packet.size + _MOST_HEADER).find(memoryview(packet))
        if at >= 0:
            self.gaps.append((packet.pos + at, packet.pos + at + packet.size))


class TransportPackets:
    """The transport packets of one PID, in a stream that holds nothing else (ISO/IEC 13818-1, 2.4.3)."""

    def __init__(self, file: BinaryIO, size: int, pid: int, stride: int, begin: int) -> None:
        self.filling = bytes(begin) + _NULL + bytes(stride - begin - len(_NULL))
        self.gaps = _of_pid(file, size, pid, stride, begin)

    def see(self, packet: Packet[Any]) -> None:
        """All was found by the PID."""


def finder(container_name: str, file: BinaryIO, size: int, stream_id: int) -> Finder | None:
    """Choose how to look; None where it cannot be told where the picture lies."""
    if container_name != "mpegts":
        return Payloads(file)
    for stride, begin in _STRIDES:
        file.seek(0)
        start = file.read(4 * stride)
        if len(start) == 4 * stride and set(start[begin::stride]) == {_SYNC}:
            found = TransportPackets(file, size, stream_id, stride, begin)
            return found if found.gaps else None
    return None


def _of_pid(file: BinaryIO, size: int, pid: int, stride: int, begin: int) -> list[Range]:
    """Give the runs of packets of a PID; none at all where a packet does not begin where it should."""
    gaps: list[Range] = []
    whole = size // stride * stride
    file.seek(0)
    for start in range(0, whole, stride * _AT_ONCE):
        data = np.frombuffer(file.read(min(whole - start, stride * _AT_ONCE)), np.uint8).reshape(-1, stride)
        if (data[:, begin] != _SYNC).any():
            return []
        pids = (data[:, begin + 1].astype(np.int64) & 0x1F) << 8 | data[:, begin + 2]
        ours = np.concatenate([[False], pids == pid, [False]])
        edges = np.flatnonzero(ours[1:] != ours[:-1]) * stride + start
        gaps += zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True)
    return gaps
