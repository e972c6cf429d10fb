"""Frames on both sides of a joint that are to fade into one another, kept bit by bit until the merge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Literal

import av
import numpy as np
from av.video.frame import VideoFrame

from media_ops.encoders.ffv1 import ffv1
from media_ops.encoders.segment import SegmentEncoder
from media_ops.errors import SegmentsDisagree
from media_ops.frames.samples import samples
from media_ops.model import Segment

End = Literal["in", "out"]


class Fades:
    """Takes the frames of a segment's fades out of the stream that goes to `encoder`."""

    def __init__(self, scratch: Path, segment: Segment, encoder: SegmentEncoder, rate: int) -> None:
        self._segment = segment
        self._encoder = encoder
        target = encoder.target
        facts = replace(encoder.facts, pixel_format=target.pixel_format, colour=target.colour)
        facts = replace(facts, width=target.width, height=target.height)
        lengths: dict[End, int] = {"in": segment.fade_in, "out": segment.fade_out}
        self._files: dict[End, Path] = {end: scratch / f"fade-{end}.nut" for end, length in lengths.items() if length}
        self._encoders = {
            end: SegmentEncoder(path, ffv1(), facts, range(lengths[end] * rate), 1)
            for end, path in self._files.items()
        }

    def __enter__(self) -> Fades:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for encoder in self._encoders.values():
            if kind is None:
                encoder.finish()
            encoder.__exit__(kind, error, trace)

    def take(self, rank: int, frame: VideoFrame) -> bool:
        """Keep a frame that belongs to a fade; say whether it did."""
        end: End | None = None
        if rank < self._segment.start + self._segment.fade_in:
            end = "in"
        elif rank >= self._segment.end:
            end = "out"
        if end:
            self._encoders[end].encode(self._encoder.convert(frame))
        return end is not None

    @property
    def files(self) -> dict[End, Path]:
        """What was kept, to be read when the block was left."""
        return dict(self._files)


def faded(leaving: Path, coming: Path, length: int) -> Iterator[VideoFrame]:
    """Blend two runs of `length` frames: the share of the coming one grows from 1/(length + 1) by equal steps.

    Raises `SegmentsDisagree` where one of them has another number of frames.
    """
    with av.open(str(leaving)) as left, av.open(str(coming)) as right:
        pairs = list(zip(left.decode(video=0), right.decode(video=0), strict=False))
    if len(pairs) != length:
        raise SegmentsDisagree(f"a joint of {length} frames to fade has {len(pairs)} on both sides")
    for number, (old, new) in enumerate(pairs):
        yield _blended(old, new, (number + 1) / (length + 1))


def _blended(old: VideoFrame, new: VideoFrame, share: float) -> VideoFrame:
    made = VideoFrame(new.width, new.height, new.format.name)
    for number in range(len(made.planes)):
        a, b = (samples(frame, number).astype(np.float32) for frame in (old, new))
        out = samples(made, number)
        out[:] = np.rint(a + (b - a) * np.float32(share)).astype(out.dtype)
    return made
