"""What is heard of each sound track: when it starts, when it ends, how long it is."""

from __future__ import annotations

import contextlib
from array import array
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from av.audio.frame import AudioFrame
from av.error import FFmpegError
from numpy.typing import NDArray

from media_ops.frames.source import demux, open_beside

UNKNOWN = "unknown"
# Smaller steps back are rounding of the container's clock.
_ROUNDING = Fraction(1, 1000)
# Shorter than any frame of a codec: a place that far into a frame is inside it even where trimming moved its edge.
_INSIDE = 0.002


@dataclass
class Heard:
    """One track, decoded: seconds of its first sample, of its end, and its samples laid end to end.

    Priming and padding that the container marks are not heard, nor is what has the time of sound that came before it:
    of that there is `overlap`. `block` is what the codec may pad the end with.
    """

    codec: str
    block: Fraction
    start: Fraction | None = None
    end: Fraction = Fraction(0)
    length: Fraction = Fraction(0)
    overlap: Fraction = Fraction(0)
    # Of each frame: how much sound came before it, and when it is heard. Two hours of AAC take 5 MB.
    _places: array[float] = field(default_factory=lambda: array("d"), repr=False)
    _times: array[float] = field(default_factory=lambda: array("d"), repr=False)

    @property
    def span(self) -> Fraction:
        """Seconds from start to end: the sound's length once gaps are silence and overlaps are cut off."""
        return self.end - (self.start or 0)

    def add(self, frame: AudioFrame) -> None:
        """Take in the next decoded frame."""
        lasts = Fraction(frame.samples, frame.sample_rate)
        cut = Fraction(0)
        if frame.pts is not None and frame.time_base is not None:
            time = frame.pts * frame.time_base
            if self.start is not None and self.end - time > _ROUNDING:
                cut = min(self.end - time, lasts)
            if self.start is None:
                self.start, self.end = time, time
            self._places.append(float(self.length))
            self._times.append(float(time + cut))
            self.end = max(self.end, time + lasts)
        else:
            self.end += lasts
        self.overlap += cut
        self.length += lasts - cut

    def moved(self, other: Heard) -> Fraction:
        """Give the furthest that a frame of `other`, which holds the same samples, is from its place here."""
        places = np.concatenate([self._places, other._places]) + _INSIDE
        places = places[places < float(min(self.length, other.length))]
        if not len(places) or not self._places or not other._places:
            return Fraction(0)
        by = other._times_at(places) - self._times_at(places)
        return Fraction(float(by[np.abs(by).argmax()])).limit_denominator(10**9)

    def _times_at(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        ours, times = np.asarray(self._places), np.asarray(self._times)
        frame = np.maximum(np.searchsorted(ours, places, side="right") - 1, 0)
        at: NDArray[np.float64] = times[frame] + places - ours[frame]
        return at


def heard(path: str) -> list[Heard]:
    """Decode all sound of a file, a track each; what cannot be decoded is not heard."""
    return list(heard_by_index(path).values())


def heard_by_index(path: str) -> dict[int, Heard]:
    """Do so, by the index of the stream."""
    with open_beside(path) as container:
        tracks = {}
        for stream in container.streams.audio:
            context = stream.codec_context
            if context is None:  # no decoder knows it
                tracks[stream.index] = Heard(UNKNOWN, Fraction(0))
                continue
            block = Fraction(context.frame_size or 0, context.sample_rate or 1)
            tracks[stream.index] = Heard(context.name, block)
        if not tracks:
            return {}
        for packet in demux(container, [container.streams[index] for index in tracks]):
            with contextlib.suppress(FFmpegError):
                for frame in packet.decode():
                    if isinstance(frame, AudioFrame):
                        tracks[packet.stream.index].add(frame)
    return tracks
