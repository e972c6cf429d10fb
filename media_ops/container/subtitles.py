"""Turn text subtitles into the kind that the target container holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream


class SubtitleEncoder:
    """Decode one subtitle stream and encode it anew for `output`, times kept."""

    def __init__(self, source: Stream, output: OutputContainer, codec: str):
        decoder: Any = source.codec_context
        stream: Any = output.add_stream(codec)
        decoder.open(strict=False)
        stream.time_base = stream.codec_context.time_base = source.time_base
        stream.codec_context.subtitle_header = decoder.subtitle_header
        self.stream, self._decoder = stream, decoder

    def convert(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        """Give the packets that stand for `packet`; none for an empty one."""
        subtitles = self._decoder.decode2(packet)
        if subtitles is None or not len(subtitles):
            return
        encoded = self.stream.codec_context.encode_subtitle(subtitles)
        encoded.pts = encoded.dts = packet.pts
        encoded.duration = packet.duration
        encoded.time_base = packet.time_base
        yield encoded
