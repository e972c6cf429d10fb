"""The exact digest of a decoded frame."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np
from av.video.format import VideoFormat
from av.video.frame import VideoFrame


def fingerprint(frame: VideoFrame) -> str:
    """Digest format, size and every visible sample of every plane, padding left out (sha256, hexadecimal)."""
    digest = hashlib.sha256(f"{frame.format.name} {frame.width}x{frame.height}".encode())
    for line in _visible(frame):
        digest.update(line)
    return digest.hexdigest()


def exact_digest(frame: VideoFrame, pixel_format: str) -> bytes:
    """Digest every visible sample of the planes that `pixel_format` has: what a lossless result must not change.

    The name of the format is left out: full range is a tag of its own (yuvj420p is yuv420p), and H.264 without chroma
    comes out of decoders with flat chroma planes that a grey source has not.
    """
    digest = hashlib.sha256(f"{frame.width}x{frame.height}".encode())
    for line in _visible(frame, _planes(pixel_format)):
        digest.update(line)
    return digest.digest()


def digest_of(digests: Iterable[bytes]) -> str:
    """Digest the digests of all frames in presentation order, as hexadecimal text, one a line (sha256)."""
    whole = hashlib.sha256()
    for digest in digests:
        whole.update(f"{digest.hex()}\n".encode())
    return whole.hexdigest()


@lru_cache(maxsize=8)
def _planes(pixel_format: str) -> int:
    return len({component.plane for component in VideoFormat(pixel_format, 16, 16).components})


def _visible(frame: VideoFrame, planes: int | None = None) -> Iterator[bytes]:
    for number, plane in enumerate(frame.planes[:planes]):
        lines = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        yield np.ascontiguousarray(lines[:, : plane.width * _bytes_per_sample(frame, number)]).tobytes()


def _bytes_per_sample(frame: VideoFrame, plane: int) -> int:
    """Bytes that one column of the plane takes; packed formats hold several components in one plane."""
    if len(frame.planes) == 1:
        return max(1, frame.format.padded_bits_per_pixel // 8)
    return sum((c.bits + 7) // 8 for c in frame.format.components if c.plane == plane) or 1
