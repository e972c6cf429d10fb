"""Read exactly the wanted frames of a source, from the nearest safe entry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from media_ops.errors import DamagedMedia, FrameLost, Unsupported
from media_ops.frames.decoding import ON_ONE_THREAD, decode, flushed, is_damaged_intra, packets_with_content
from media_ops.frames.index import NO_PTS, Rows
from media_ops.frames.packets import OnPacket
from media_ops.frames.source import only_video, open_media

# After a seek that lands too late, go back by so many seconds, doubling; then read from the beginning.
_STEPS_BACK = (0, 1, 2, 4, 8, 16, 32, 64)
# Packets that are read on after a bad one: decoding order differs from that of presentation by no more.
_MOST_REORDERED = 16


class FrameReader:
    """Decode the frames of `rows`, each matched to its packet, never to a rounded time.

    With `conceal` damaged pictures are given as the decoder guesses them; then rows must begin with the file and come
    from a thorough index. `decoded` counts frames that came out of the decoder, wanted or not.
    """

    def __init__(self, path: str | Path, rows: Rows, *, threads: int = 1, conceal: bool = False):
        self.path = path
        self.rows = rows
        self.threads = 1 if conceal else threads  # what several threads guess depends on their timing
        self.conceal = conceal
        self.decoded = 0
        self._bad: list[tuple[int, int, str]] = []

    def __iter__(self) -> Iterator[tuple[int, VideoFrame]]:
        """Give (rank, frame) in presentation order; PTS and time base are those of the index.

        Raises `DamagedMedia` with the first bad time when a wanted frame cannot be decoded or was partly guessed,
        `FrameLost` when one is missing without a reason, `Unsupported` when the picture size or format changes.
        """
        with open_media(self.path) as container:
            video = only_video(container)
            context = video.codec_context
            context.thread_count = 1 if context.name in ON_ONE_THREAD else self.threads
            context.copy_opaque = True
            packets = _from_entry(container, video, self.rows)
            yield from self._in_order(self._decode(video, packets), context.name)

    def _decode(self, video: VideoStream, packets: Iterator[Packet[Any]]) -> Iterator[VideoFrame]:
        rows, context = self.rows, video.codec_context
        wanted = set(rows.order.tolist())
        for number, packet in enumerate(packets):
            # Nothing is skipped on the way to the first wanted frame: where a reference is missing, H.264 takes even
            # pictures that nothing refers to in its place.
            packet.opaque = [rows.entry + number]  # PyAV keys marks by id(): an int would be a shared object
            try:
                yield from context.decode(packet)
            except FFmpegError as error:
                # Leading pictures of an open entry may fail: nobody wants them.
                if rows.entry + number in wanted:
                    self._bad.append((number, int(rows.pts[number]), f"cannot be decoded ({error.strerror})"))
            self._complain(number)
        yield from flushed(video)
        self._complain()

    def _complain(self, number: int | None = None) -> None:
        """Raise `DamagedMedia` for what is bad, once nothing earlier in time can follow."""
        if self.conceal or not self._bad or (number is not None and number < self._bad[0][0] + _MOST_REORDERED):
            return
        _, ticks, what = min(self._bad, key=lambda bad: bad[1])
        time = float(max(0, ticks) * self.rows.facts.time_base)
        raise DamagedMedia(f"{self.path}: the picture at {time:.3f} s {what}", rule="damaged")

    def _in_order(self, frames: Iterator[VideoFrame], codec: str) -> Iterator[tuple[int, VideoFrame]]:
        rows = self.rows
        places: dict[int, list[int]] = {}  # a packet may hold several pictures
        for at in reversed(range(len(rows.order))):
            places.setdefault(int(rows.order[at]), []).append(at)
        following = 0
        # A recording may begin in the middle of a group of pictures: what its first pictures lack is no damage.
        begun = rows.entry > 0
        for frame in frames:
            self.decoded += 1
            mark: Any = frame.opaque
            begun = begun or not frame.is_corrupt or is_damaged_intra(frame, codec)
            wanted = places.get(mark[0]) if mark else None
            if not wanted:
                continue
            at = wanted.pop()
            if at != following:
                break
            self._check(frame)
            frame.pts = int(rows.frame_pts[at])
            frame.time_base = rows.facts.time_base
            if frame.is_corrupt and begun:
                self._bad.append((mark[0] - rows.entry, frame.pts, "is damaged"))
            yield rows.first + at, frame
            following += 1
        if following < len(rows.order):
            self._complain()
            self._give_up(following)

    def _give_up(self, missing: int) -> None:
        """Tell a frame that no decoder gives from one that was lost here; decoders drop damaged pictures silently."""
        rows = self.rows
        rank = rows.first + missing
        if int(rows.order[missing]) not in decode(self.path, frames=rank + _MOST_REORDERED).order:
            time = float(int(rows.frame_pts[missing]) * rows.facts.time_base)
            raise DamagedMedia(f"{self.path}: the picture at {time:.3f} s cannot be decoded", rule="damaged")
        raise FrameLost(
            f"{self.path}: frame {rank} of {rows.first}..{rows.first + len(rows.order) - 1} "
            "did not come out of the decoder in its turn"
        )

    def _check(self, frame: VideoFrame) -> None:
        facts = self.rows.facts
        if (frame.width, frame.height, frame.format.name) != (facts.width, facts.height, facts.pixel_format):
            raise Unsupported(
                f"{self.path}: the picture changes from {facts.width}x{facts.height} {facts.pixel_format} to "
                f"{frame.width}x{frame.height} {frame.format.name}",
                rule="changing-picture",
            )


def pass_over(path: str | Path, rows: Rows, on_packet: OnPacket) -> None:
    """Read what `FrameReader` reads, and decode none of it."""
    with open_media(path) as container:
        for number, _ in enumerate(_from_entry(container, only_video(container), rows)):
            if number % 256 == 255:
                on_packet(number)


def _from_entry(container: InputContainer, video: VideoStream, rows: Rows) -> Iterator[Packet[Any]]:
    """Give the packets from the segment's entry to its last one, each compared with the index."""
    for back in _STEPS_BACK if rows.entry and _seek_target(rows) != NO_PTS else ():
        target = _seek_target(rows) - round(back / rows.facts.time_base)
        try:
            container.seek(target, stream=video, backward=True, any_frame=False)
        except FFmpegError:
            break
        packets = packets_with_content(container, video)
        found = _skip_to_entry(packets, rows)
        if found is not None:
            return _checked(found, packets, rows)
    return _from_beginning(container.name, rows)


def _seek_target(rows: Rows) -> int:
    """Matroska's cues hold PTS (its DTS are made up); everything else is sought by DTS."""
    pts, dts = int(rows.pts[0]), int(rows.dts[0])
    return pts if pts != NO_PTS and ("matroska" in rows.facts.container or dts == NO_PTS) else dts


def _skip_to_entry(packets: Iterator[Packet[Any]], rows: Rows) -> Packet[Any] | None:
    """Read on to the entry; None when the seek landed behind it."""
    end = int(rows.dts[-1]) if rows.dts[-1] != NO_PTS else None
    for packet in packets:
        if _same(packet, rows, 0):
            return packet
        if end is not None and packet.dts is not None and packet.dts > end:
            return None
    return None


def _from_beginning(path: str, rows: Rows) -> Iterator[Packet[Any]]:
    with open_media(path) as container:
        packets = packets_with_content(container, only_video(container))
        for _ in range(rows.entry):
            next(packets, None)
        first = next(packets, None)
        if first is not None:
            yield from _checked(first, packets, rows)


def _checked(first: Packet[Any], rest: Iterator[Packet[Any]], rows: Rows) -> Iterator[Packet[Any]]:
    packet: Packet[Any] | None = first
    for number in range(len(rows.size)):
        if packet is None or packet.size != rows.size[number]:
            raise FrameLost(f"packet {rows.entry + number} is not the one that was indexed; did the source change?")
        yield packet
        packet = next(rest, None) if number + 1 < len(rows.size) else None


def _same(packet: Packet[Any], rows: Rows, number: int) -> bool:
    if packet.size != int(rows.size[number]):
        return False
    if packet.pts is not None and rows.pts[number] != NO_PTS:
        return packet.pts == int(rows.pts[number])
    return packet.dts is not None and packet.dts == int(rows.dts[number])
