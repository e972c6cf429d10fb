"""Samples that an audio encoder puts before the sound, and how the target is told of them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from av.container import OutputContainer
from av.stream import Stream

# What FFmpeg's AAC encoder puts in front; it is also what most files carry.
_AAC_PRIMING = 1024


def add_sound_stream(output: OutputContainer, stream: Stream, container: str) -> Stream:
    """Add a stream that `stream`'s packets can be copied into.

    MP4 and MOV mark priming by an edit list, from the time stamps alone. Matroska has a field for it, which FFmpeg
    fills from the encoder's description only: a stream added from a demuxed template would play its priming. So the
    description is taken from an encoder of the same settings, where that is the same to the byte.
    """
    if container == "matroska" and stream.codec_context.name == "aac" and _starts_with_priming(stream):
        described = _described_by_encoder(output, stream)
        if described is not None:
            return described
    return output.add_stream_from_template(stream)


def _starts_with_priming(stream: Stream) -> bool:
    """Whether the first packet lies exactly one priming before the sound's start."""
    first = stream.index_entries[0].timestamp if len(stream.index_entries) else None
    if first is None or stream.start_time is None or stream.time_base is None:
        return False
    context: Any = stream.codec_context
    rate = context.sample_rate
    return bool(
        abs((stream.start_time - first) * stream.time_base - Fraction(_AAC_PRIMING, rate)) < Fraction(1, rate)
    )


def _described_by_encoder(output: OutputContainer, stream: Stream) -> Stream | None:
    context: Any = stream.codec_context
    import av

    trial: Any = av.CodecContext.create("aac", "w")
    trial.sample_rate, trial.layout, trial.format = context.sample_rate, context.layout, "fltp"
    trial.time_base = Fraction(1, context.sample_rate)
    trial.flags |= av.codec.context.Flags.global_header
    try:
        trial.open()
    except (av.FFmpegError, ValueError):
        return None
    if bytes(trial.extradata or b"") != bytes(context.extradata or b""):
        return None
    added: Stream = output.add_stream("aac", rate=context.sample_rate, layout=context.layout.name)
    return added
