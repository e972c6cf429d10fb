"""Films by recipe, their frames, and the samples in those."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from media_ops.frames.index import Facts

MakeFilm = Callable[..., Path]
# Muted, so that all of it can be shown in RGB; a zoom into fine detail.
INSIDE = "mandelbrot=s={size}:r=25,format=gbrp,lutrgb=r=val*0.6+50:g=val*0.6+50:b=val*0.6+50"
TAGS = {"bt601": ("smpte170m", 6), "bt709": ("bt709", 1), "bt2020": ("bt2020nc", 9)}


def recipe(
    pixel_format: str, matrix: str = "bt709", full: bool = False, size: str = "160x90", source: str = INSIDE
) -> list[str]:
    tag, _ = TAGS[matrix]
    out = {"bt2020nc": "bt2020"}.get(tag, tag)
    scale = f"scale=out_color_matrix={out}:out_range={'pc' if full else 'tv'}:flags=accurate_rnd+full_chroma_int"
    chain = f"{source.format(size=size)},{scale},format={pixel_format}"
    tags = ["-colorspace", tag, "-color_range", "pc" if full else "tv", "-color_primaries", "bt709"]
    return ["-f", "lavfi", "-i", chain, "-frames:v", "2", *tags, "-color_trc", "bt709", "-c:v", "ffv1"]


def facts_of(frame: VideoFrame, **changes: Any) -> Facts:
    colour = (int(frame.color_primaries), int(frame.color_trc), int(frame.colorspace), int(frame.color_range))
    known = Facts(
        codec="ffv1",
        container="matroska",
        time_base=Fraction(1, 25),
        rate=Fraction(25),
        width=frame.width,
        height=frame.height,
        pixel_format=frame.format.name,
        colour=colour,
        chroma_location="left",
    )
    return replace(known, **changes)


def frames_of(path: Path) -> list[VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def planes_of(frame: VideoFrame) -> list[NDArray[Any]]:
    kind = np.uint8 if frame.format.components[0].bits == 8 else np.uint16
    found = []
    for plane in frame.planes:
        lines = np.frombuffer(bytes(plane), kind).reshape(plane.height, -1)
        found.append(lines[:, : plane.width])
    return found


def same(a: VideoFrame, b: VideoFrame) -> bool:
    return same_planes(planes_of(a), planes_of(b))


def filled(like: VideoFrame, values: Sequence[int]) -> VideoFrame:
    frame = VideoFrame(like.width, like.height, like.format.name)
    kind = np.uint8 if like.format.components[0].bits == 8 else np.uint16
    for plane, value in zip(frame.planes, values, strict=True):
        plane.update(np.full(plane.buffer_size // np.dtype(kind).itemsize, value, kind).tobytes())
    return frame


def same_planes(a: Sequence[NDArray[Any]], b: Sequence[NDArray[Any]]) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
