"""Build a frame index: by packets wherever they tell the truth, else by decoding once."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from media_ops.errors import NotMedia, NoVideo
from media_ops.frames.entries import Entry, entry_of, is_shown, nal_length_size
from media_ops.frames.index import NO_PTS, Facts, FrameIndex, Int
from media_ops.frames.source import only_video, open_media

# These have no PTS, and FFmpeg invents wrong ones for H.264 in AVI, so that nothing looks missing.
_CONTAINERS_WITHOUT_PTS = {"avi", "h264", "hevc", "vvc", "m4v", "mpegvideo", "mjpeg", "obu"}

OnPacket = Callable[[int], None]


@dataclass
class _Packets:
    """Columns while they grow, in decoding order."""

    pts: list[int] = field(default_factory=list)
    dts: list[int] = field(default_factory=list)
    duration: list[int] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    pos: list[int] = field(default_factory=list)
    entry: list[int] = field(default_factory=list)
    hidden: list[bool] = field(default_factory=list)
    corrupt: bool = False

    def add(self, packet: Packet[Any], codec: str, length_size: int) -> None:
        self.pts.append(NO_PTS if packet.pts is None else packet.pts)
        self.dts.append(NO_PTS if packet.dts is None else packet.dts)
        self.duration.append(packet.duration or 0)
        self.size.append(packet.size)
        self.pos.append(-1 if packet.pos is None else packet.pos)
        self.entry.append(entry_of(codec, bytes(packet), length_size) if packet.is_keyframe else Entry.NONE)
        self.hidden.append(packet.is_discard or not _is_shown(packet, codec))
        self.corrupt |= packet.is_corrupt


def _is_shown(packet: Packet[Any], codec: str) -> bool:
    if codec not in ("vp8", "vp9"):
        return True
    data = memoryview(packet)
    # A superframe ends with its marker and holds a shown frame beside the hidden ones.
    return (data[-1] & 0xE0) == 0xC0 or is_shown(codec, bytes(data[:2]))


@dataclass
class _Decoded:
    """Frames in the order in which the decoder gave them."""

    order: list[int] = field(default_factory=list)
    pts: list[int | None] = field(default_factory=list)
    dts: list[int | None] = field(default_factory=list)


def build_index(path: str | Path, on_packet: OnPacket | None = None) -> FrameIndex:
    """Index the first video stream of `path`.

    Raises `NotMedia`, `NoVideo` (also where no frame is presented).
    """
    packets, facts = _demux(path, on_packet)
    if not packets.pts:
        raise NoVideo(f"{path}: the video stream has not one frame")
    if _packets_suffice(packets, facts):
        order = [i for i in range(len(packets.pts)) if not packets.hidden[i]]
        order.sort(key=lambda i: (packets.pts[i], i))
        times = [packets.pts[i] for i in order]
        built_by = "packets"
    else:
        decoded = _decode(path, on_packet)
        order, times, built_by = decoded.order, _times(decoded, facts), "decoding"
    if not order:
        raise NoVideo(f"{path}: the video stream has not one frame that can be shown")
    return FrameIndex(
        facts,
        built_by,
        pts=_column(packets.pts),
        dts=_column(packets.dts),
        duration=_column(packets.duration),
        size=_column(packets.size),
        pos=_column(packets.pos),
        entry=_column(packets.entry),
        order=_column(order),
        frame_pts=_column(times),
    )


def _demux(path: str | Path, on_packet: OnPacket | None) -> tuple[_Packets, Facts]:
    packets = _Packets()
    with open_media(path) as container:
        video = only_video(container)
        context = video.codec_context
        length_size = nal_length_size(context.name, context.extradata)
        try:
            for packet in container.demux(video):
                if packet.size:
                    packets.add(packet, context.name, length_size)
                    if on_packet and len(packets.pts) % 256 == 0:
                        on_packet(len(packets.pts))
        except FFmpegError as error:
            raise NotMedia(f"{path}: damaged after packet {len(packets.pts)} ({error.strerror})") from error
        return packets, _facts(container, video)


def _facts(container: InputContainer, video: VideoStream) -> Facts:
    context = video.codec_context
    field_order = str(getattr(context, "field_order", "") or "").rpartition(".")[2].lower()
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
        interlaced=field_order in {"tt", "bb", "tb", "bt"},
    )


def _packets_suffice(packets: _Packets, facts: Facts) -> bool:
    containers = set(facts.container.split(","))
    known = [dts for dts in packets.dts if dts != NO_PTS]
    return not (
        containers & _CONTAINERS_WITHOUT_PTS
        or NO_PTS in packets.pts
        or packets.corrupt
        or (facts.codec in ("h264", "hevc") and packets.entry[0] != Entry.CLOSED)
        or any(later < earlier for earlier, later in itertools.pairwise(known))
    )


def _decode(path: str | Path, on_packet: OnPacket | None) -> _Decoded:
    decoded = _Decoded()
    with open_media(path) as container:
        video = only_video(container)
        context = video.codec_context
        context.thread_count = 1
        context.copy_opaque = True

        def note(frames: list[av.VideoFrame]) -> None:
            for frame in frames:
                mark: Any = frame.opaque
                decoded.order.append(mark[0])
                decoded.pts.append(frame.pts)
                decoded.dts.append(frame.dts)

        number = 0
        for packet in container.demux(video):
            if not packet.size:
                continue
            packet.opaque = [number]  # PyAV keys marks by id(): an int would be a shared object
            number += 1
            if on_packet and number % 64 == 0:
                on_packet(number)
            try:
                note(context.decode(packet))
            except FFmpegError:
                continue  # a frame that cannot be decoded is no frame of a whole decode either
        note(context.decode(None))
    return decoded


def _times(decoded: _Decoded, facts: Facts) -> list[int]:
    """Presentation times of decoded frames: PTS where they can be believed, else the reordered DTS, else the rate."""
    step = max(1, round(1 / facts.rate / facts.time_base))
    believable = not set(facts.container.split(",")) & _CONTAINERS_WITHOUT_PTS
    if believable and _never_decreases(decoded.pts):
        return [pts for pts in decoded.pts if pts is not None]
    given = [dts for dts in decoded.dts if dts is not None]
    if (
        len(given) > 2
        and decoded.dts[: len(given)] == given
        and len(set(given)) == len(given)
        and given == sorted(given)
    ):
        gap = sorted(b - a for a, b in itertools.pairwise(given))[len(given) // 2 - 1]
        return given + [given[-1] + gap * (n + 1) for n in range(len(decoded.order) - len(given))]
    known = [(rank, pts) for rank, pts in enumerate(decoded.pts) if pts is not None] if believable else []
    if not known:
        return [rank * step for rank in range(len(decoded.order))]
    rank0, pts0 = known[0]
    return [pts if pts is not None else pts0 + (rank - rank0) * step for rank, pts in enumerate(decoded.pts)]


def _never_decreases(times: list[int | None]) -> bool:
    known = [time for time in times if time is not None]
    return len(known) == len(times) and known == sorted(known)


def _column(values: list[int]) -> Int:
    return np.asarray(values, np.int64)
