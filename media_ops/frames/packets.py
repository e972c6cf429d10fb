"""One pass over the packets of a video stream, without decoding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from media_ops.errors import Unsupported
from media_ops.frames.entries import Entry, entry_of, nal_length_size, nals
from media_ops.frames.index import NO_PTS, PROGRESSIVE, Facts
from media_ops.frames.pictures import is_shown, shows_nothing, size_header
from media_ops.frames.source import demux, only_video, open_media

OnPacket = Callable[[int], None]


@dataclass
class Packets:
    """Columns in decoding order, and what is odd about them.

    `sizes` are the headers that say how large pictures are, `ended_by` the error that ended the file early.
    """

    pts: list[int] = field(default_factory=list)
    dts: list[int] = field(default_factory=list)
    duration: list[int] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    pos: list[int] = field(default_factory=list)
    entry: list[int] = field(default_factory=list)
    hidden: list[bool] = field(default_factory=list)
    sizes: set[bytes] = field(default_factory=set)
    corrupt: bool = False
    empty: bool = False
    ended_by: str | None = None

    def add(self, packet: Packet[Any], codec: str, length_size: int) -> None:
        """Note a packet. Raises `Unsupported` when it is encrypted."""
        if packet.has_sidedata("encryption_info"):
            raise Unsupported("its pictures are encrypted", rule="encrypted")
        self.pts.append(NO_PTS if packet.pts is None else packet.pts)
        self.dts.append(NO_PTS if packet.dts is None else packet.dts)
        self.duration.append(packet.duration or 0)
        self.size.append(packet.size)
        self.pos.append(-1 if packet.pos is None else packet.pos)
        self.entry.append(self._entry(packet, codec, length_size) if packet.is_keyframe else Entry.NONE)
        self.hidden.append(packet.is_discard or not _is_shown(packet, codec))
        self.corrupt |= packet.is_corrupt
        self.empty |= codec == "mpeg4" and shows_nothing(bytes(packet))

    def _entry(self, packet: Packet[Any], codec: str, length_size: int) -> Entry:
        data = bytes(packet)
        header = size_header(codec, data, lambda: nals(data, length_size))
        if packet.has_sidedata("new_extradata"):
            header += bytes(packet.get_sidedata("new_extradata"))
        if header:
            self.sizes.add(header)
        return entry_of(codec, data, length_size)


def read_packets(path: str | Path, on_packet: OnPacket | None = None) -> tuple[Packets, Facts]:
    """Read every packet of the first video. Raises `NotMedia`, `NoVideo`, `Unsupported`."""
    packets = Packets()
    with open_media(path) as container:
        video = only_video(container)
        context = video.codec_context
        length_size = nal_length_size(context.name, context.extradata)
        try:
            for packet in demux(container, video):
                if packet.size:
                    packets.add(packet, context.name, length_size)
                    if on_packet and len(packets.pts) % 256 == 0:
                        on_packet(len(packets.pts))
        except FFmpegError as error:
            packets.ended_by = str(error.strerror)
        except Unsupported as error:
            raise Unsupported(f"{path}: {error}", rule=error.rule) from error
        return packets, _facts(container, video)


def _is_shown(packet: Packet[Any], codec: str) -> bool:
    if codec not in ("vp8", "vp9"):
        return True
    data = memoryview(packet)
    # A superframe ends with its marker and holds a shown frame beside the hidden ones.
    return (data[-1] & 0xE0) == 0xC0 or is_shown(codec, bytes(data[:2]))


def _facts(container: InputContainer, video: VideoStream) -> Facts:
    context = video.codec_context
    return Facts(
        codec=context.name,
        container=container.format.name,
        time_base=Fraction(video.time_base or Fraction(1, 90000)),
        rate=Fraction(video.average_rate or video.guessed_rate or 25),
        width=context.width,
        height=context.height,
        pixel_format=context.pix_fmt or "",
        colour=(
            int(context.color_primaries),
            int(context.color_trc),
            int(context.colorspace),
            int(context.color_range),
        ),
        sample_aspect_ratio=video.sample_aspect_ratio or context.sample_aspect_ratio or None,
        interlaced=int(context.field_order) > PROGRESSIVE,
    )
