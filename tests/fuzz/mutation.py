"""Damage a file the way disks, networks and enemies do; the same seed always does the same."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable, Iterator

_LIMITS = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
_BOX_HOLDERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf", b"dinf"}
_TELLING_BOXES = {b"mvhd", b"mdhd", b"tkhd", b"stsz", b"stts", b"ctts", b"stsc", b"stco", b"stss", b"elst", b"trun"}
_EBML = {
    b"\x2a\xd7\xb1": "timestamp scale",
    b"\x44\x89": "duration",
    b"\xb0": "width",
    b"\xba": "height",
    b"\x23\xe3\x83": "default duration",
    b"\x1f\x43\xb6\x75": "cluster",
    b"\xa3": "block",
    b"\xe7": "cluster time",
    b"\x63\xa2": "codec private",
}
# Parameter sets and sequence headers, in which the size of the picture stands: H.264, HEVC, MPEG-2, MPEG-4.
_PARAMETERS = re.compile(
    rb"\x67[\x42\x4d\x58\x64\x6e\x7a\xf4]|\x42\x01\x01|\x40\x01\x0c|\x00\x00\x01\xb3|\x00\x00\x01[\x20-\x2f]"
)

Edit = Callable[[bytearray, random.Random], str]


def mutated(data: bytes, seed: int) -> tuple[bytes, str]:
    """Give the damaged bytes, and what was done to them."""
    chance = random.Random(seed)
    damaged = bytearray(data)
    edits = [chance.choice(_edits(data)) for _ in range(chance.choice((1, 1, 1, 2, 3)))]
    said = [edit(damaged, chance) for edit in edits]
    return bytes(damaged), "; ".join(said)


def _edits(data: bytes) -> list[Edit]:
    general: list[Edit] = [_flip, _flip, _scribble, _truncate, _remove, _repeat, _head, _parameters, _parameters]
    special = {b"ftyp": _box, b"\x1a\x45\xdf\xa3": _element, b"RIFF": _chunk}
    header: Edit | None = special.get(data[4:8]) or special.get(data[:4])
    if data[:1] == b"\x47" and data[188:189] == b"\x47":
        header = _transport
    return general + [header or _head] * 6


def _flip(data: bytearray, chance: random.Random) -> str:
    places = [chance.randrange(len(data)) for _ in range(chance.choice((1, 3, 10, 100)))]
    for at in places:
        data[at] ^= 1 << chance.randrange(8)
    return f"{len(places)} bits flipped, the first at {places[0]}"


def _scribble(data: bytearray, chance: random.Random) -> str:
    at, length = chance.randrange(len(data)), chance.choice((1, 4, 16, 200, 2000))
    data[at : at + length] = chance.choice((bytes(length), b"\xff" * length, chance.randbytes(length)))
    return f"{length} bytes overwritten at {at}"


def _truncate(data: bytearray, chance: random.Random) -> str:
    at = chance.randrange(1, len(data))
    del data[at:]
    return f"cut off at {at}"


def _remove(data: bytearray, chance: random.Random) -> str:
    at, length = chance.randrange(len(data)), chance.choice((1, 7, 188, 1000, 5000))
    del data[at : at + length]
    data.extend(b"\0" * (not data))
    return f"{length} bytes removed at {at}"


def _repeat(data: bytearray, chance: random.Random) -> str:
    at, length = chance.randrange(len(data)), chance.choice((1, 188, 1000, 5000))
    data[at:at] = data[at : at + length]
    return f"{length} bytes repeated at {at}"


def _head(data: bytearray, chance: random.Random) -> str:
    return _number(data, chance, chance.randrange(min(len(data), 600)), "the beginning")


def _parameters(data: bytearray, chance: random.Random) -> str:
    found = [match.end() for match in _PARAMETERS.finditer(data)]
    if not found:
        return _flip(data, chance)
    at = chance.choice(found[:8])
    for _ in range(chance.choice((1, 2, 8))):
        place = min(len(data) - 1, at + chance.randrange(14))
        data[place] = chance.randrange(256)
    return f"parameters changed at {at}"


def _number(data: bytearray, chance: random.Random, at: int, where: str) -> str:
    value = chance.choice((*_LIMITS, chance.randrange(1 << 32)))
    width = chance.choice((2, 4, 4))
    order = chance.choice(("<", ">")) if data[:4] == b"RIFF" else ">"
    number = struct.pack(order + "I", value)
    data[at : at + width] = (number[:width] if order == "<" else number[-width:])[: max(0, len(data) - at)]
    return f"{value & (1 << 8 * width) - 1:#x} written at {at}, in {where}"


def _box(data: bytearray, chance: random.Random) -> str:
    found = list(_walk(data, 0, len(data)))
    if not found:
        return _flip(data, chance)
    telling = [one for one in found if one[1] in _TELLING_BOXES]
    at, kind, size = chance.choice(telling if telling and chance.random() < 0.7 else found)
    offset = chance.choice((0, 0, 4, *(8 + 4 * n for n in range(8)), chance.randrange(max(1, size))))
    return _number(data, chance, min(at + offset, len(data) - 1), f"box {kind.decode(errors='replace')}+{offset}")


def _walk(data: bytearray, at: int, end: int) -> Iterator[tuple[int, bytes, int]]:
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, at)
        yield at, bytes(kind), size
        if kind in _BOX_HOLDERS:
            yield from _walk(data, at + 8, min(end, at + size))
        if size < 8:
            return
        at += size


def _element(data: bytearray, chance: random.Random) -> str:
    name = chance.choice(list(_EBML))
    found = [match.end() for match in re.finditer(re.escape(name), data)]
    if not found:
        return _head(data, chance)
    at = chance.choice(found[:20]) + chance.choice((0, 1, 1, 2, 3))
    return _number(data, chance, min(at, len(data) - 1), _EBML[name])


def _chunk(data: bytearray, chance: random.Random) -> str:
    names = rb"avih|strh|strf|idx1|movi|00dc|00db|01wb|LIST|RIFF|VP8X|ANMF|ANIM"
    found = [match.end() for match in re.finditer(names, data)]
    at = chance.choice(found[: chance.choice((8, 60))] or [12])
    return _number(data, chance, min(at + 4 * chance.randrange(14), len(data) - 1), "a chunk")


def _transport(data: bytearray, chance: random.Random) -> str:
    packet = chance.randrange(max(1, len(data) // 188)) * 188
    if chance.random() < 0.3:
        packet = chance.choice((0, 188, 376)) % len(data)
    offset = chance.choice((0, 1, 2, 3, 4, 5, *range(6, 30)))
    return _number(data, chance, min(packet + offset, len(data) - 1), f"transport packet+{offset}")
