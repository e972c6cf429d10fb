"""Encode sound tracks to AAC, keeping every sample at its time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.error import FFmpegError
from av.packet import Packet

from media_ops.container.priming import CopyLane
from media_ops.errors import DamagedMedia
from media_ops.frames.source import open_media

_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
# Smaller steps are rounding of the container's clock, not gaps.
_TOLERANCE = Fraction(1, 1000)


def encode_tracks(
    source: str, indices: list[int], path: Path, on_progress: Callable[[int, int | None], None]
) -> None:
    """Encode the tracks `indices` of `source` into `path` (MOV, whose edit lists mark the encoder's priming).

    Raises `DamagedMedia` when the sound cannot be decoded.
    """
    with open_media(source) as container:
        rates = [_aac_rate(container.streams[index]) for index in indices]
    # Edit lists count in the movie's clock, by default in milliseconds.
    options = {"movie_timescale": str(min(math.lcm(*rates), 2**31 - 1))}
    with open_media(source) as container, av.open(str(path), "w", format="mov", options=options) as output:
        tracks = {index: _Track(container.streams[index], output) for index in indices}  # type: ignore[arg-type]
        done = 0
        try:
            for packet in container.demux([container.streams[index] for index in indices]):
                track = tracks[packet.stream.index]  # an empty, flushing packet has no number of its own
                for frame in packet.decode():
                    track.add(frame)  # type: ignore[arg-type]
                done += 1
                on_progress(done, None)
        except FFmpegError as error:
            raise DamagedMedia(f"{source}: sound cannot be decoded after packet {done} ({error.strerror})") from error
        for track in tracks.values():
            track.finish()


# What a track is taken for that tells how many channels it has, but not which.
_USUAL = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


def _layout(layout: av.AudioLayout) -> str:
    known = layout.name in _USUAL.values()
    return layout.name if known else _USUAL.get(layout.nb_channels, "stereo")


def _aac_rate(stream: Any) -> int:
    """The source's own rate where AAC has it, else the next higher one."""
    return min((rate for rate in _AAC_RATES if rate >= stream.codec_context.sample_rate), default=96000)


class _Track:
    """One encoder and the sample at which its next frame is due."""

    def __init__(self, stream: AudioStream, output: av.container.OutputContainer):
        context = stream.codec_context
        self.rate = _aac_rate(stream)
        self._layout = _layout(context.layout)
        self._output = output
        self._stream: AudioStream = output.add_stream("aac", rate=self.rate, layout=self._layout)
        self._stream.time_base = Fraction(1, self.rate)
        self._stream.bit_rate = 64_000 * max(2, min(8, context.layout.nb_channels))
        self._resampler = AudioResampler("fltp", self._layout, self.rate)
        self._due: int | None = None
        self._start: int | None = None
        self._lane: CopyLane | None = None

    def add(self, frame: AudioFrame) -> None:
        """Encode a decoded frame at its own time: silence fills a gap, an overlap is cut off."""
        start = Fraction(frame.pts * frame.time_base) if frame.pts is not None and frame.time_base else None
        frame.pts = None
        for part in self._resampler.resample(frame):
            placed = part if start is None else self._placed(part, start)
            start = None
            if placed is not None:
                self._encode(placed)

    def finish(self) -> None:
        """Flush resampler and encoder."""
        for part in self._resampler.resample(None):
            self._encode(part)
        self._mux(self._stream.encode(None))

    def _placed(self, part: AudioFrame, start: Fraction) -> AudioFrame | None:
        wanted = round(start * self.rate)
        if self._due is None:
            self._due = wanted
        lag = wanted - self._due
        if abs(lag) <= _TOLERANCE * self.rate:
            return part
        if lag > 0:
            for silence in self._silence(lag):
                self._encode(silence)
            return part
        if -lag >= part.samples:
            return None
        kept = AudioFrame.from_ndarray(part.to_ndarray()[:, -lag:].astype(np.float32), "fltp", self._layout)
        kept.sample_rate = self.rate
        return kept

    def _silence(self, samples: int) -> Iterator[AudioFrame]:
        channels = av.AudioLayout(self._layout).nb_channels
        for start in range(0, samples, self.rate):
            length = min(self.rate, samples - start)
            frame = AudioFrame.from_ndarray(np.zeros((channels, length), np.float32), "fltp", self._layout)
            frame.sample_rate = self.rate
            yield frame

    def _encode(self, part: AudioFrame) -> None:
        self._due = self._due or 0
        part.pts = self._due
        part.time_base = Fraction(1, self.rate)
        self._due += part.samples
        self._start = part.pts if self._start is None else self._start
        self._mux(self._stream.encode(part))

    def _mux(self, packets: list[Packet[Any]]) -> None:
        for packet in packets:
            if self._lane is None:
                priming = (self._start or 0) - (packet.pts or 0)
                late = self._start is not None and self._start > 0
                self._lane = CopyLane(self._stream, Fraction(priming, self.rate) if late else Fraction(0))
            self._output.mux(list(self._lane.convert(packet)))
