"""Tell a Matroska file how many samples behind the end of a track are padding of its last block."""

from __future__ import annotations

import struct
from functools import cache
from typing import Any

import av
from av.packet import Packet


def mark_padding(packet: Packet[Any], samples: int) -> None:
    """Have the last `samples` of `packet` discarded: FFmpeg writes that as DiscardPadding.

    PyAV makes no side data of its own, so that of an Opus packet, whose encoder marks its padding, is written over.
    """
    marked = _opus_packet().get_sidedata("skip_samples")
    marked.update(struct.pack("<IIBB", 0, samples, 0, 0))
    packet.set_sidedata(marked)


@cache
def _opus_packet() -> Packet[Any]:
    """Encode less than a block of silence."""
    context: Any = av.CodecContext.create("libopus", "w")
    context.sample_rate, context.layout, context.format = 48000, "mono", "flt"
    silence = av.AudioFrame(format="flt", layout="mono", samples=300)
    for plane in silence.planes:
        plane.update(bytes(plane.buffer_size))
    silence.sample_rate, silence.pts = 48000, 0
    packets: list[Packet[Any]] = [*context.encode(silence), *context.encode(None)]
    return packets[-1]
