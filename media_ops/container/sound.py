"""Encode sound tracks, keeping every sample at its time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
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

from media_ops.container.heard import Heard
from media_ops.container.padding import mark_padding
from media_ops.container.priming import CopyLane
from media_ops.errors import DamagedMedia
from media_ops.frames.source import demux, open_beside
from media_ops.pulse import beat

_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_OPUS_RATE = 48000
_AAC_BLOCK = 1024
# libopus begins 6.5 ms early. Matroska's clock, 1 ms, has the first packet and the end of the delay each rounded, so
# that the sound is read up to 1 ms late. Between 6.5 and the 7 ms that are read no place is further off than 0.75 ms.
_OPUS_DELAY, _OPUS_START = 312, 324
_ENCODERS = {"aac": "aac", "opus": "libopus"}
# Smaller steps are rounding of the container's clock, not gaps.
_TOLERANCE = Fraction(1, 1000)
# Of what is heard: more than is repeated where a recording was joined.
_MOST_CUT = Fraction(1, 10)


def encode_tracks(
    source: str,
    codecs: dict[int, str],
    path: Path,
    on_progress: Callable[[int, int | None], None],
    *,
    sound: Mapping[int, Heard],
    edited: bool = False,
) -> list[str]:
    """Encode tracks of `source`, `codecs` and `sound` by stream index, into `path`; give in words what is lost by it.

    AAC goes into MOV, whose edit lists mark the encoder's priming; Opus into Matroska, as the result's WebM is, so
    that its delay and the padding of its end are copied as they are. Where the result has edit lists too (`edited`),
    AAC ends exactly: its blocks are filled in front, where the list skips, and not behind.

    Raises `DamagedMedia` when the sound cannot be decoded in its middle, or has times that lie over each other.
    """
    with open_beside(source) as container:
        rates = [_rate(container.streams[index], codec) for index, codec in codecs.items()]
    for index in codecs:
        overlap = sound[index].overlap
        if overlap > _MOST_CUT * (sound[index].length + overlap):
            raise _wrong_times(source, index, overlap)
    # Edit lists count in the movie's clock, by default in milliseconds.
    options = {"movie_timescale": str(min(math.lcm(*rates), 2**31 - 1))}
    form = "mov"
    if path.suffix == ".mka":
        form, options = "matroska", {"avoid_negative_ts": "disabled"}
    with open_beside(source) as container, av.open(str(path), "w", format=form, options=options) as output:
        tracks = {
            index: _Track(container.streams[index], codec, output, sound[index].end, edited)  # type: ignore[arg-type]
            for index, codec in codecs.items()
        }
        packets = demux(container, [container.streams[index] for index in codecs])
        for done, packet in enumerate(packets, 1):
            track = tracks[packet.stream.index]  # an empty, flushing packet has no number of its own
            track.decode(packet, source)
            on_progress(done, None)
        for track in tracks.values():
            track.finish(source)
        return [loss for track in tracks.values() for loss in track.losses()]


def _wrong_times(source: str, index: int, overlap: Fraction) -> DamagedMedia:
    words = f"{float(overlap):.3f} s of it lie over other sound"
    return DamagedMedia(f"{source}: sound track {index} has wrong times, {words}", rule="sound-times")


# What a track is taken for that tells how many channels it has, but not which.
_USUAL = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


def _layout(layout: av.AudioLayout) -> str:
    known = layout.name in _USUAL.values()
    return layout.name if known else _USUAL.get(layout.nb_channels, "stereo")


def _rate(stream: Any, codec: str) -> int:
    """The source's own rate where AAC has it, else the next higher one; Opus has but one."""
    if codec == "opus":
        return _OPUS_RATE
    return min((rate for rate in _AAC_RATES if rate >= stream.codec_context.sample_rate), default=96000)


class _Track:
    """One encoder and the sample at which its next frame is due."""

    def __init__(
        self, stream: AudioStream, codec: str, output: av.container.OutputContainer, end: Fraction, edited: bool
    ):
        context = stream.codec_context
        self.rate = _rate(stream, codec)
        self._index, self._channels = stream.index, context.layout.nb_channels
        self._layout = _layout(context.layout)
        self._format = "flt" if codec == "opus" else "fltp"
        self._output = output
        # Channels that surround a listener are told apart by mapping family 1 (RFC 7845, 5.1.1.2).
        options = {"mapping_family": "1"} if codec == "opus" and self._channels > 2 else {}
        self._stream: AudioStream = output.add_stream(  # type: ignore[assignment]
            _ENCODERS[codec], rate=self.rate, layout=self._layout, options=options
        )
        self._stream.format = self._format
        self._stream.time_base = Fraction(1, self.rate)
        self._stream.bit_rate = 64_000 * max(2, min(8, self._channels))
        self._end, self._edited = round(end * self.rate), edited
        self._marks_priming = output.format.name == "mov"
        self._resampler: AudioResampler | None = None
        self._taken: tuple[object, ...] = ()
        self._due: int | None = None
        self._start: int | None = None
        self._lane: CopyLane | None = None
        self._damage: str | None = None
        self._cut = self._nudge = 0
        self._held = Fraction(0)

    def losses(self) -> list[str]:
        """Say what the encoder could not take."""
        kept, said = av.AudioLayout(self._layout).nb_channels, []
        if self._channels not in (0, kept):
            said.append(f"sound track {self._index} has {self._channels} channels: they are mixed into {kept}")
        if self._cut:
            seconds = self._cut / self.rate
            said.append(f"sound track {self._index}: {seconds:.3f} s that overlap what came before are left out")
        return said

    def decode(self, packet: Packet[Any], source: str) -> None:
        """Encode what a packet holds. Packets that cannot be decoded may stand at the start and the end only."""
        try:
            frames = packet.decode()
        except FFmpegError as error:
            if self._start is not None and self._damage is None:
                time = float((packet.pts or 0) * packet.time_base)
                self._damage = f"{source}: sound cannot be decoded at {time:.3f} s ({error.strerror})"
            return
        for frame in frames:
            if self._damage:
                raise DamagedMedia(self._damage, rule="damaged")
            self.add(frame)  # type: ignore[arg-type]

    def add(self, frame: AudioFrame) -> None:
        """Encode a decoded frame at its own time: silence fills a gap, an overlap is cut off."""
        start = Fraction(frame.pts * frame.time_base) if frame.pts is not None and frame.time_base else None
        frame.pts = None
        if start is not None and self._resampler is not None and self._due is not None:
            # What the resampler still holds is part of what came before: 2 ms of sound at 8 kHz.
            lag = start * self.rate - self._due - self._held
            if abs(lag) > _TOLERANCE * self.rate:
                self._begin_anew()
            else:
                start = None
        for part in self._resampled(frame):
            placed = part if start is None else self._placed(part, start)
            start = None
            if placed is not None:
                self._encode(placed)
            else:
                self._resampler, self._taken, self._held = None, (), Fraction(0)
                return

    def finish(self, source: str) -> None:
        """Flush resampler and encoder. Raises `DamagedMedia` where the times have left too little of the sound."""
        if self._cut > _MOST_CUT * ((self._due or 0) - (self._start or 0)):
            raise _wrong_times(source, self._index, Fraction(self._cut, self.rate))
        self._begin_anew()
        if self._start is not None:
            missing = self._end - (self._due or 0)
            if 0 < missing <= 2 * _TOLERANCE * self.rate:  # by the rounding of times
                for silence in self._silence(missing):
                    self._encode(silence)
            self._mux(self._stream.encode(None))

    def _resampled(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        """Bring a frame into the encoder's form; where the source's changes in the middle, begin anew."""
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if form != self._taken:
            self._begin_anew()
            self._taken, self._resampler = form, AudioResampler(self._format, self._layout, self.rate)
        assert self._resampler is not None
        self._held += Fraction(frame.samples * self.rate, frame.sample_rate)
        for part in self._resampler.resample(frame):
            self._held -= part.samples
            yield part

    def _begin_anew(self) -> None:
        """Encode what the resampler holds, and leave it."""
        for part in self._resampler.resample(None) if self._resampler else ():
            self._encode(part)
        self._resampler, self._taken, self._held = None, (), Fraction(0)

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
        self._cut += min(-lag, part.samples)
        return self._part(part, -lag, part.samples)

    def _part(self, whole: AudioFrame, start: int, end: int) -> AudioFrame | None:
        """Cut out samples; None where nothing is left."""
        if start >= end:
            return None
        across = 1 if self._format == "fltp" else av.AudioLayout(self._layout).nb_channels
        samples = whole.to_ndarray()[:, start * across : end * across]
        kept = AudioFrame.from_ndarray(np.ascontiguousarray(samples, np.float32), self._format, self._layout)
        kept.sample_rate = self.rate
        return kept

    def _silence(self, samples: int) -> Iterator[AudioFrame]:
        channels = av.AudioLayout(self._layout).nb_channels
        for start in range(0, samples, self.rate):
            length = min(self.rate, samples - start)
            shape = (channels, length) if self._format == "fltp" else (1, channels * length)
            frame = AudioFrame.from_ndarray(np.zeros(shape, np.float32), self._format, self._layout)
            frame.sample_rate = self.rate
            yield frame

    def _encode(self, part: AudioFrame) -> None:
        self._due = self._due or 0
        if self._start is None:
            self._start = self._due
            self._lead_in(self._due)
        if self._due + part.samples > self._end:
            kept = self._part(part, 0, self._end - self._due)  # a resampler gives some samples more
            if kept is None:
                return
            part = kept
        self._pass_on(part, self._due)
        self._due += part.samples
        beat()

    def _lead_in(self, start: int) -> None:
        """Let silence that nobody hears fill AAC's first block, so that the last one is full of sound."""
        if self._edited:
            filling = (start - self._end) % _AAC_BLOCK
            for silence in self._silence(filling):
                self._pass_on(silence, start - filling)
        elif self._format == "flt":
            tick = self.rate // 1000
            self._nudge = round(Fraction(start - _OPUS_START, tick)) * tick - (start - _OPUS_DELAY)

    def _pass_on(self, part: AudioFrame, pts: int) -> None:
        part.pts, part.time_base = pts + self._nudge, Fraction(1, self.rate)
        try:
            packets = self._stream.encode(part)
        except FFmpegError as error:
            place = f"sound track {self._index} at {pts / self.rate:.3f} s"
            raise DamagedMedia(f"{place}: the encoder refused it ({error.strerror})", rule="damaged") from error
        self._mux(packets)

    def _mux(self, packets: list[Packet[Any]]) -> None:
        for packet in packets:
            if self._lane is None:
                priming = (self._start or 0) - (packet.pts or 0)
                late = self._marks_priming and self._start is not None and self._start > 0
                self._lane = CopyLane(self._stream, Fraction(priming, self.rate) if late else Fraction(0))
            padding = _AAC_BLOCK - (packet.duration or _AAC_BLOCK)
            if padding > 0 and self._format == "fltp" and not self._marks_priming:
                mark_padding(packet, padding)
            self._output.mux(list(self._lane.convert(packet)))
