"""How well a segment's first and last frames were encoded: a joint that shows is worse than what is around it."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from media_ops.errors import FrameLost
from media_ops.frames.samples import samples
from media_ops.frames.source import demux
from media_ops.planning.windows import JOINT_WINDOW

# PSNR of what came out unchanged; JSON has no infinity.
IDENTICAL = 100.0
# Of larger frames every third, fifth, ... line is kept: 24 frames of 8K in 10 bits would be 2.4 GB.
_BYTES_A_FRAME = 1 << 20

Psnr = dict[int, tuple[float, float]]
_Planes = list[NDArray[Any]]


class Ends:
    """Copies of the first and the last frames that an encoder was given, of `total` in all."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._kept: dict[int, _Planes] = {}
        self._step = 1
        self._peak = 255

    def see(self, number: int, frame: VideoFrame) -> None:
        """Keep frame `number` if it is near an end."""
        if JOINT_WINDOW <= number < self._total - JOINT_WINDOW:
            return
        if not self._kept:
            self._peak = (1 << frame.format.components[0].bits) - 1
            size = sum(samples(frame, plane).nbytes for plane in range(len(frame.planes)))
            # Odd, so that it falls on both fields of an interlaced picture.
            self._step = -(-size // _BYTES_A_FRAME) | 1
        self._kept[number] = [lines.copy() for lines in self._lines(frame)]

    def psnr(self, path: Path, threads: int) -> Psnr:
        """Decode them out of the segment at `path`: PSNR of luma, and the mean over all planes, in dB.

        Frames are numbered from 0 at the beginning and to -1 at the end. Raises `FrameLost` where one of them does
        not come out again.
        """
        found: dict[int, tuple[float, float]] = {}
        for number, frame in _decoded(path, sorted(self._kept), threads):
            given = self._kept.pop(number)
            planes = [plane_psnr(*pair, self._peak) for pair in zip(given, self._lines(frame), strict=False)]
            found[number] = (round(planes[0], 2), round(sum(planes) / len(planes), 2))
        if self._kept:
            raise FrameLost(f"frame {min(self._kept)} of {self._total} cannot be decoded again after encoding")
        first = {number: value for number, value in found.items() if number < JOINT_WINDOW}
        last = {n - self._total: value for n, value in found.items() if n >= self._total - JOINT_WINDOW}
        return first | last

    def _lines(self, frame: VideoFrame) -> Iterator[NDArray[Any]]:
        return (samples(frame, plane)[:: self._step] for plane in range(len(frame.planes)))


def _decoded(path: Path, wanted: list[int], threads: int) -> Iterator[tuple[int, VideoFrame]]:
    """Give the wanted frames of a segment in their order, decoding no more than has to be."""
    with av.open(str(path)) as segment:
        read = (packet for packet in demux(segment, segment.streams.video[0]) if packet.size)
        packets = [(packet.pts, packet.is_keyframe) for packet in read]
    times = sorted(pts for pts, _ in packets if pts is not None)
    missing = {times[number]: number for number in wanted if number < len(times)}
    entries = [(pts, place) for place, (pts, key) in enumerate(packets) if key and pts is not None]
    with av.open(str(path)) as segment:
        stream = segment.streams.video[0]
        context = stream.codec_context
        context.thread_count = threads
        for place, packet in enumerate(packet for packet in demux(segment, stream) if packet.size):
            needed = min(missing, default=None)
            if needed is None:
                return
            entry = entries[bisect_right(entries, (needed, len(packets))) - 1][1]
            if place < entry:
                continue
            if place == entry > 0:
                context.flush_buffers()
            # Nothing that others refer to is left out, and nothing is missing in a stream of our own.
            context.skip_frame = "NONREF" if packet.pts is not None and packet.pts < needed else "DEFAULT"
            yield from _taken(context.decode(packet), missing)
        yield from _taken(context.decode(None), missing)


def _taken(frames: list[VideoFrame], missing: dict[int, int]) -> Iterator[tuple[int, VideoFrame]]:
    for frame in frames:
        if frame.pts in missing:
            yield missing.pop(frame.pts), frame


def plane_psnr(one: NDArray[Any], other: NDArray[Any], peak: int) -> float:
    """PSNR of two planes in dB, `IDENTICAL` where nothing differs; `peak` is the largest value of a sample."""
    difference = (one.astype(np.float32) - other).ravel()
    error = float(np.dot(difference, difference)) / difference.size
    return min(IDENTICAL, 10 * math.log10(peak * peak / error)) if error else IDENTICAL
