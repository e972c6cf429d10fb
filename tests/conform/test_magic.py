"""What the first bytes say."""

from __future__ import annotations

from pathlib import Path

import pytest

from media_ops.frames.magic import look_of


def box(kind: bytes, payload: bytes) -> bytes:
    return (8 + len(payload)).to_bytes(4, "big") + kind + payload


PNG = b"\x89PNG\r\n\x1a\n" + box(b"IHDR", bytes(17))
WEBP = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0"


@pytest.mark.parametrize(
    ("name", "data", "look"),
    [
        ("a.jpg", b"\xff\xd8\xff\xe0", "picture"),
        ("a.mp4", b"\xff\xd8\xff\xe0", "picture"),
        ("a.png", PNG + box(b"IDAT", b""), "picture"),
        ("a.png", PNG + box(b"acTL", b"") + box(b"IDAT", b""), "animation"),
        ("a.webp", WEBP + b"\x10\0\0\0", "picture"),
        ("a.webp", WEBP + b"\x12\0\0\0", "animation"),
        ("a.gif", b"GIF89a", "animation"),
        ("a.avif", box(b"ftyp", b"avif\0\0\0\0mif1miaf"), "picture"),
        ("a.avif", box(b"ftyp", b"avif\0\0\0\0avismif1"), "animation"),
        ("a.avif", box(b"meta", b""), "picture"),
        ("a.mp4", box(b"meta", b""), "video"),
        ("a", box(b"ftyp", b"isom\0\0\0\0avc1"), "video"),
        ("a", box(b"moov", b""), "video"),
        ("a", b"\x1a\x45\xdf\xa3", "video"),
        ("a", b"RIFF\0\0\0\0AVI LIST", "video"),
        ("a.wav", b"RIFF\0\0\0\0WAVEfmt ", "other"),
        ("a", (b"\x47" + bytes(187)) * 3, "video"),
        ("a", b"\0\0\1\xba", "video"),
        ("a.ico", b"\0\0\1\0\1\0", "other"),
        ("a.ts", b"export const x = 1\n", "other"),
        ("a.txt", b"text", "other"),
        ("a.MP4", b"text", "video"),
        ("list", b"ffconcat version 1.0", "video"),
        ("empty", b"", "other"),
    ],
)
def test_looks(tmp_path: Path, name: str, data: bytes, look: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert look_of(tmp_path / name) == look
