"""The exact digest of a decoded frame."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
from av.video.frame import VideoFrame


def fingerprint(frame: VideoFrame) -> str:
    """Digest format, size and every visible sample of every plane, padding left out (sha256, hexadecimal)."""
    digest = hashlib.sha256(f"{frame.format.name} {frame.width}x{frame.height}".encode())
    for line in _visible(frame):
        digest.update(line)
    return digest.hexdigest()


def _visible(frame: VideoFrame) -> Iterator[bytes]:
    for number, plane in enumerate(frame.planes):
        lines = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        yield np.ascontiguousarray(lines[:, : plane.width * _bytes_per_sample(frame, number)]).tobytes()


def _bytes_per_sample(frame: VideoFrame, plane: int) -> int:
    """Bytes that one column of the plane takes; packed formats hold several components in one plane."""
    if len(frame.planes) == 1:
        return max(1, frame.format.padded_bits_per_pixel // 8)
    return sum((c.bits + 7) // 8 for c in frame.format.components if c.plane == plane) or 1
