"""Samples that an audio encoder puts before the sound, and how the target is told of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.codec.context import Flags
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from media_ops.container.sync import SoundTrack
from media_ops.container.tracks import MATROSKA

# What FFmpeg's AAC encoder puts in front, and what most files carry.
_AAC_PRIMING = 1024


@dataclass(frozen=True)
class CopyLane:
    """A stream of the output into which packets are copied; `priming` seconds of them are to be skipped.

    MP4's and MOV's muxer derives the edit list from the first packet: an empty edit up to its PTS, then the media
    from PTS - DTS on. For sound, whose samples follow one another without times of their own, that difference says
    how much to skip. Without it a track that starts late would play its priming, 21 ms of AAC.
    """

    stream: Stream
    priming: Fraction = Fraction(0)

    def convert(self, packet: Packet[Any]) -> Iterable[Packet[Any]]:
        """Give the packet, marked."""
        if self.priming and packet.pts is not None and packet.dts is not None:
            packet.pts += round(self.priming / packet.time_base)
        return (packet,)


def add_sound(output: OutputContainer, stream: Stream, sound: SoundTrack, container: str) -> CopyLane:
    """Add a stream that the packets of `stream` can be copied into.

    MP4 and MOV mark priming by an edit list. Matroska has a field for it, which FFmpeg fills from the encoder's
    description only: a stream added from a demuxed template would play its priming. So the description is taken from
    an encoder of the same settings, where that is the same to the byte.
    """
    start, first = sound.presented_start(), next(sound.packets(), None)
    priming = Fraction(0)
    # A first packet that merely holds no sound is followed by a gap, and primes nothing.
    marked = first is not None and (first.is_discard or first.has_sidedata("skip_samples") or (first.pts or 0) < 0)
    if first is not None and first.pts is not None and marked:
        priming = max(priming, start - first.pts * first.time_base)
    added = None
    if container in MATROSKA and stream.codec_context.name == "aac" and priming:
        added = _described_by_encoder(output, stream, priming)
    late = container not in MATROSKA and start > 0
    return CopyLane(added or output.add_stream_from_template(stream), priming if late else Fraction(0))


def _described_by_encoder(output: OutputContainer, stream: Stream, priming: Fraction) -> Stream | None:
    context: Any = stream.codec_context
    if abs(priming - Fraction(_AAC_PRIMING, context.sample_rate)) >= Fraction(1, context.sample_rate):
        return None
    trial: Any = av.CodecContext.create("aac", "w")
    trial.sample_rate, trial.layout, trial.format = context.sample_rate, context.layout, "fltp"
    trial.time_base = Fraction(1, context.sample_rate)
    trial.flags |= Flags.global_header
    try:
        trial.open()
    except (av.FFmpegError, ValueError):
        return None
    if bytes(trial.extradata or b"") != bytes(context.extradata or b""):
        return None
    added: Stream = output.add_stream("aac", rate=context.sample_rate, layout=context.layout.name)
    return added
