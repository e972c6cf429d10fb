"""How alike two decoded pictures are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Cells = NDArray[np.float32]
_ROWS, _COLUMNS = 27, 48
_FULL = 2  # AVCOL_RANGE_JPEG
_LIMITED = 1
# Formats that interleave their samples, and the planar one that holds the same samples.
_PLANAR = {
    "nv12": "yuv420p",
    "nv21": "yuv420p",
    "nv16": "yuv422p",
    "nv24": "yuv444p",
    "yuyv422": "yuv422p",
    "uyvy422": "yuv422p",
    "p010le": "yuv420p10le",
    "p210le": "yuv422p10le",
    "rgb24": "gbrp",
    "bgr24": "gbrp",
    "rgb0": "gbrp",
    "bgr0": "gbrp",
    "0rgb": "gbrp",
    "0bgr": "gbrp",
    "pal8": "gbrap",
    "rgba": "gbrap",
    "bgra": "gbrap",
    "argb": "gbrap",
    "abgr": "gbrap",
    "rgb48le": "gbrp16le",
    "rgba64le": "gbrap16le",
    "monow": "gray",
    "monob": "gray",
}


@dataclass(frozen=True)
class Picture:
    """Planes of samples of one frame, in its own planar format; `peak` is the largest sample value."""

    format: str
    peak: int
    planes: list[NDArray[np.uint8] | NDArray[np.uint16]]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.planes[0].shape[0], self.planes[0].shape[1]


def format_of(frame: VideoFrame) -> str:
    """Name the pixel format; `yuvj420p` is `yuv420p` whose range tag says full."""
    return frame.format.name.replace("yuvj", "yuv")


def range_of(frame: VideoFrame) -> int:
    """Give FFmpeg's number of the range: what is unsaid is limited, but for RGB, grey and `yuvj`."""
    full = frame.format.name.startswith(("yuvj", "gray", "mono")) or frame.format.is_rgb
    return int(frame.color_range) or (_FULL if full else _LIMITED)


def picture(frame: VideoFrame, like: VideoFrame | None = None) -> Picture:
    """Unpack a frame, converted to the pixel format and colour of `like` if that has another one."""
    if like is not None and format_of(like) != format_of(frame):
        frame = frame.reformat(
            format=like.format.name,
            src_colorspace=_matrix(frame),
            dst_colorspace=_matrix(like) or _matrix(frame),
            src_color_range=range_of(frame),
            dst_color_range=range_of(like),
            interpolation="BICUBIC",
        )
    planar = _PLANAR.get(frame.format.name)
    if planar:
        frame = frame.reformat(format=planar)
    depth = frame.format.components[0].bits
    if depth > 16 or len(frame.planes) < min(3, len(frame.format.components)):
        frame, depth = frame.reformat(format="gbrp16le" if depth > 8 else "gbrp"), 16 if depth > 8 else 8
    kind = "u1" if depth <= 8 else ">u2" if frame.format.is_big_endian else "<u2"
    planes = [
        np.frombuffer(memoryview(plane), kind).reshape(plane.height, -1)[:, : plane.width] for plane in frame.planes
    ]
    return Picture(format_of(frame), (1 << depth) - 1, planes)


def squared_error(a: Picture, b: Picture) -> float:
    """Give the mean squared error over all samples of all planes, as a fraction of the peak's square."""
    total, samples = 0.0, 0
    for one, other in zip(a.planes, b.planes, strict=True):
        difference = one.astype(np.float32) - other
        total += float(np.square(difference, out=difference).sum(dtype=np.float64))
        samples += difference.size
    return total / samples / a.peak**2


def cells(picture: Picture) -> Cells:
    """Give mean luma of 27 x 48 cells (fewer on tiny pictures), in 8-bit code values."""
    height, width = picture.shape
    (rows, tall), (columns, wide) = _starts(height, _ROWS), _starts(width, _COLUMNS)
    # Not by a matrix product: on a busy machine the threads of BLAS spend ten times the work in waiting.
    sums = np.add.reduceat(np.add.reduceat(picture.planes[0], rows, 0, np.float32), columns, 1)
    return (sums / np.outer(tall, wide) * (255 / picture.peak)).astype(np.float32)


def _matrix(frame: VideoFrame) -> int | None:
    return None if frame.format.is_rgb else int(frame.colorspace)


@lru_cache(maxsize=4)
def _starts(length: int, parts: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Where each of at most `parts` parts of a line of samples starts, and how many samples it has."""
    parts = min(parts, length)
    bounds = np.arange(parts + 1) * length // parts
    return bounds[:-1], np.diff(bounds).astype(np.float32)
