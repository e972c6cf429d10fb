"""Tell from a key packet whether decoding may begin there.

A container's key flag is not enough: mp4 and libx264 flag intra refresh as key, from which nothing decodes cleanly.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

from media_ops.frames.pictures import is_intra


class Entry(IntEnum):
    """What a packet is good for as a place to begin decoding."""

    NONE = 0
    OPEN = 1
    """Frames presented before it may refer to what came earlier (CRA, recovery point 0, MPEG-2 I picture)."""
    CLOSED = 2
    """Nothing after it refers to anything before it (IDR)."""


def entry_of(codec: str, data: bytes, nal_length_size: int) -> Entry:
    """Classify the key packet `data`; where its picture says that it is none, the container's flag was wrong.

    Codecs that are not read here are taken at their container's word, as open.
    """
    if codec == "h264":
        return _h264(data, nal_length_size)
    if codec == "hevc":
        return _hevc(data, nal_length_size)
    return Entry.OPEN if is_intra(codec, data) else Entry.NONE


def nal_length_size(codec: str, extradata: bytes | None) -> int:
    """Bytes of each NAL unit's length prefix, or 0 for Annex B start codes (ISO/IEC 14496-15, 5.3.3 and 8.3.3)."""
    if not extradata:
        return 0
    if codec == "h264" and extradata[0] == 1 and len(extradata) > 4:
        return (extradata[4] & 3) + 1
    if codec == "hevc" and len(extradata) > 22 and extradata[:3] != b"\0\0\0" and extradata[:3] != b"\0\0\1":
        return (extradata[21] & 3) + 1
    return 0


def _h264(data: bytes, length_size: int) -> Entry:
    recovery = None
    for nal in nals(data, length_size):
        kind = nal[0] & 31
        if kind == 5:
            return Entry.CLOSED
        if kind == 6:
            count = _exact_recovery(nal)
            recovery = count if count is not None else recovery
        if kind in (1, 2):
            break
    return Entry.OPEN if recovery == 0 else Entry.NONE


def _hevc(data: bytes, length_size: int) -> Entry:
    for nal in nals(data, length_size):
        kind = (nal[0] >> 1) & 63
        if kind in (19, 20):
            return Entry.CLOSED
        if 16 <= kind <= 21:
            return Entry.OPEN
        if kind < 32:
            break
    return Entry.NONE


def nals(data: bytes, length_size: int) -> Iterator[bytes]:
    """Give the non-empty NAL units, without prefix or start code."""
    if length_size:
        at = 0
        while at + length_size <= len(data):
            length = int.from_bytes(data[at : at + length_size], "big")
            at += length_size
            if nal := data[at : at + length]:
                yield nal
            at += length
        return
    at = data.find(b"\0\0\1")
    while at >= 0:
        following = data.find(b"\0\0\1", at + 3)
        nal = data[at + 3 : following if following >= 0 else len(data)]
        if nal:
            yield nal
        at = following


def _exact_recovery(nal: bytes) -> int | None:
    """Read recovery_frame_cnt of a recovery point SEI message with exact_match_flag (H.264, D.1.8), else None.

    Without that flag, pictures after it need only look alike.
    """
    payload = nal[1:].replace(b"\0\0\3", b"\0\0")
    at = 0
    while at + 2 <= len(payload) and payload[at] != 0x80:
        kind, at = _sei_number(payload, at)
        size, at = _sei_number(payload, at)
        if kind == 6:
            return _recovery_point(payload[at : at + size])
        at += size
    return None


def _sei_number(payload: bytes, at: int) -> tuple[int, int]:
    value = 0
    while at < len(payload) and payload[at] == 255:
        value += 255
        at += 1
    return (value + payload[at], at + 1) if at < len(payload) else (value, at)


def _recovery_point(data: bytes) -> int | None:
    bits = "".join(f"{byte:08b}" for byte in data[:9])
    zeros = bits.find("1")
    if zeros < 0:
        return None
    exact = bits[2 * zeros + 1 : 2 * zeros + 2] == "1"
    return int(bits[zeros : 2 * zeros + 1], 2) - 1 if exact else None
