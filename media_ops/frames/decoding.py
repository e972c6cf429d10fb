"""A plain decode from the first packet on: what a whole run sees."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from media_ops.frames.findings import Span, joined
from media_ops.frames.index import NO_PTS, Facts
from media_ops.frames.packets import OnPacket
from media_ops.frames.source import demux, only_video, open_media

# These have no PTS, and FFmpeg invents wrong ones for H.264 in AVI, so that nothing looks missing.
CONTAINERS_WITHOUT_PTS = {"avi", "h264", "hevc", "vvc", "m4v", "mpegvideo", "mjpeg", "obu"}

Shape = tuple[int, int, str]
# Of damaged pictures these decoders make something else with several threads, and do not say so.
ON_ONE_THREAD = ("mpeg1video", "mpeg2video", "vp8")
_MOST_HELD = 64
_MPEG = ("mpeg1video", "mpeg2video")
# Codecs whose files do not begin in the middle, though their pictures refer to one another.
_ALWAYS_WHOLE = ("apng", "gif", "webp")


@dataclass
class Decoded:
    """Frames in the order in which the decoder gave them; `order` are the numbers of their packets.

    `lost` are packets whose picture could not be decoded, `guessed` ranks of pictures that were partly made up, both
    without those before the first good picture: a recording may begin in the middle of a group of pictures, and what
    they refer to is missing. An I picture of MPEG-1 and MPEG-2 refers to nothing, nor do pictures of codecs that know
    no other kind.
    `shape` is width, height and pixel format of the first frame, `change` the rank and shape of the first other one.
    """

    order: list[int] = field(default_factory=list)
    pts: list[int | None] = field(default_factory=list)
    dts: list[int | None] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    guessed: list[int] = field(default_factory=list)
    shape: Shape | None = None
    change: tuple[int, Shape] | None = None
    good: bool = False
    codec: str = ""
    begins: float = math.inf

    def add(self, frame: VideoFrame) -> None:
        """Note the next frame."""
        mark: Any = frame.opaque
        rank, shape = len(self.order), (frame.width, frame.height, frame.format.name)
        self.order.append(mark[0])
        self.pts.append(frame.pts)
        self.dts.append(frame.dts)
        self.shape = self.shape or shape
        if shape != self.shape and self.change is None:
            self.change = rank, shape
        if frame.is_corrupt and (self.good or is_damaged_intra(frame, self.codec)):
            self.guessed.append(rank)
        if not frame.is_corrupt:
            self.begins = min(self.begins, mark[0])
            self.good = True

    def settle(self) -> Decoded:
        """Forget what was lost before the first good picture, in decoding order: it may come out much later."""
        self.lost = [number for number in self.lost if number > self.begins]
        return self

    def times(self, facts: Facts) -> list[int]:
        """Presentation times in ticks: PTS where they can be believed, else the reordered DTS, else the rate."""
        step = max(1, round(1 / facts.rate / facts.time_base))
        believable = not set(facts.container.split(",")) & CONTAINERS_WITHOUT_PTS
        if believable and _never_decreases(self.pts):
            return [pts for pts in self.pts if pts is not None]
        given = [dts for dts in self.dts if dts is not None]
        if len(given) > 2 and self.dts[: len(given)] == given and given == sorted(set(given)):
            gap = sorted(b - a for a, b in itertools.pairwise(given))[len(given) // 2 - 1]
            return given + [given[-1] + gap * (n + 1) for n in range(len(self.order) - len(given))]
        known = [(rank, pts) for rank, pts in enumerate(self.pts) if pts is not None] if believable else []
        if not known:
            return [rank * step for rank in range(len(self.order))]
        rank0, pts0 = known[0]
        return [pts if pts is not None else pts0 + (rank - rank0) * step for rank, pts in enumerate(self.pts)]

    def damage(self, times: list[int], packet_pts: list[int], gap: int) -> tuple[Span, ...]:
        """Give the times that `lost` and `guessed` cover; a lost picture's without a PTS is that of its neighbour."""
        ends = [*times[1:], times[-1] + gap]
        spans = [(times[rank], ends[rank]) for rank in self.guessed]
        for number in self.lost:
            near = min(range(len(self.order)), key=lambda rank: abs(self.order[rank] - number))
            start = times[near] if packet_pts[number] == NO_PTS else packet_pts[number]
            spans.append((start, start + gap))
        return joined((start, end) for start, end in spans if start < end)


def decode(path: str | Path, on_packet: OnPacket | None = None, *, frames: int | None = None) -> Decoded:
    """Decode the first video on one thread, all of it or until `frames` frames came out; errors are noted."""
    decoded = Decoded()
    with open_media(path) as container:
        video = only_video(container)
        decoded.codec = video.codec_context.name
        if video.codec_context.codec.intra_only or decoded.codec in _ALWAYS_WHOLE:
            decoded.good, decoded.begins = True, -1
        video.codec_context.thread_count = 1
        video.codec_context.copy_opaque = True
        for number, packet in enumerate(packets_with_content(container, video)):
            packet.opaque = [number]  # PyAV keys marks by id(): an int would be a shared object
            if on_packet and number % 64 == 63:
                on_packet(number)
            try:
                for frame in video.codec_context.decode(packet):
                    decoded.add(frame)
            except FFmpegError:
                decoded.lost.append(number)
            if frames is not None and len(decoded.order) >= frames:
                return decoded.settle()
        for frame in flushed(video):
            decoded.add(frame)
    return decoded.settle()


def is_damaged_intra(frame: VideoFrame, codec: str) -> bool:
    """Whether a picture that the decoder calls corrupt is so by itself, not for want of what it refers to."""
    return codec in _MPEG and frame.pict_type == PictureType.I


def flushed(video: VideoStream) -> Iterator[VideoFrame]:
    """Give the frames that the decoder still holds, but for those that cannot be decoded."""
    for _ in range(_MOST_HELD):
        try:
            yield from video.codec_context.decode(None)
        except EOFError:
            return
        except FFmpegError:
            continue
        return


def _never_decreases(times: list[int | None]) -> bool:
    known = [time for time in times if time is not None]
    return len(known) == len(times) and known == sorted(known)


def packets_with_content(container: InputContainer, video: VideoStream) -> Iterator[Packet[Any]]:
    """Give packets with content to the end, or to the error that ends the file early."""
    try:
        yield from (packet for packet in demux(container, video) if packet.size)
    except FFmpegError:
        return
