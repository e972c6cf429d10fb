"""Tell from its first bytes whether a file is a picture, an animation, looks like video, or like none of these."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Look = Literal["picture", "animation", "video", "other"]

_HEAD = 4096
_BOXES = {b"ftyp", b"moov", b"mdat", b"moof", b"styp", b"sidx", b"wide", b"skip", b"free", b"uuid", b"pdin", b"emsg"}
_STILL_BRANDS = {b"avif", b"mif1", b"heic", b"heix", b"heim", b"mif2", b"miaf", b"jxl "}
_SEQUENCE_BRANDS = {b"avis", b"hevc", b"hevx", b"heis", b"msf1", b"iso8"}
_VIDEO = (
    b"\x1a\x45\xdf\xa3",  # Matroska
    b"FLV",
    b"\0\0\0\1",  # elementary streams
    b"OggS",
    b"\x30\x26\xb2\x75",  # ASF
    b".RMF",
    b"DKIF",
    b"YUV4MPEG2",
    b"\x06\x0e\x2b\x34",  # MXF
    b"nut/multimedia",
    b"#EXTM3U",
    b"ffconcat",
)
_STILL_NAMES = {".avif", ".heic", ".heif"}
# Not .ts: that is TypeScript as often as video, whose bytes speak for themselves.
_NAMES = {
    *(
        ".mp4",
        ".m4v",
        ".mov",
        ".qt",
        ".f4v",
        ".3gp",
        ".3g2",
        ".mkv",
        ".webm",
        ".avi",
        ".m2ts",
        ".mts",
        ".mpg",
        ".mpeg",
    ),
    *(".vob", ".flv", ".wmv", ".asf", ".ogv", ".mxf", ".gxf", ".dv", ".rm", ".rmvb", ".wtv", ".nut", ".ivf", ".y4m"),
    *(".264", ".h264", ".265", ".h265", ".hevc", ".m3u8"),
}


def look_of(path: str | Path) -> Look:
    """Look at the first bytes, then at the name; an animation is a picture format that says it moves."""
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    by_bytes = _picture(head)
    if by_bytes:
        return by_bytes
    suffix = Path(path).suffix.lower()
    if suffix in _STILL_NAMES and head[4:8] != b"ftyp":  # it lost the box that says so
        return "picture"
    riff = head[:4] == b"RIFF" and head[8:11] == b"AVI"
    stream = any(head[at : at + 1] == b"\x47" == head[at + step : at + step + 1] for at, step in ((0, 188), (4, 192)))
    start_code = head[:3] == b"\0\0\1" and head[3:4] != b"\0"  # else it is an icon
    if riff or stream or start_code or head[4:8] in _BOXES or head.startswith(_VIDEO):
        return "video"
    return "video" if suffix in _NAMES else "other"


def _picture(head: bytes) -> Look | None:
    if head[:3] == b"\xff\xd8\xff":
        return "picture"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "animation" if b"acTL" in head.partition(b"IDAT")[0] else "picture"
    if head[:4] == b"GIF8":
        return "animation"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "animation" if head[12:16] == b"VP8X" and head[20:21] and head[20] & 2 else "picture"
    if head[4:8] == b"ftyp":
        size = int.from_bytes(head[:4], "big")
        brands = {head[8:12]} | {head[at : at + 4] for at in range(16, min(size, len(head)) - 3, 4)}
        if brands & _STILL_BRANDS:
            return "animation" if brands & _SEQUENCE_BRANDS else "picture"
    return None
