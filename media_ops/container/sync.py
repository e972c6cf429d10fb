"""Sound against picture: what the result's sound tracks moved by, and whether every packet arrived."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet

from media_ops.errors import ProofFailed
from media_ops.frames.index import FrameIndex
from media_ops.frames.source import demux, open_beside, open_media
from media_ops.model import Track


@dataclass(frozen=True)
class SoundTrack:
    """One sound stream of a file; it is opened anew for each look, because seeking back can skip packets."""

    open: Callable[[], InputContainer]
    index: int

    def packets(self) -> Iterator[Packet[Any]]:
        """Give the packets that carry data."""
        with self.open() as container:
            yield from (packet for packet in demux(container, container.streams[self.index]) if packet.size)

    def is_raw(self) -> bool:
        """Whether the track is PCM, whose packets are cut anew by every container."""
        with self.open() as container:
            context = container.streams[self.index].codec_context
            return context is not None and context.name.startswith("pcm_")

    def digest(self) -> str:
        """Digest every byte of sound, however it is cut into packets."""
        digest = hashlib.sha256()
        for packet in self.packets():
            digest.update(memoryview(packet))
        return digest.hexdigest()

    def presented_start(self) -> Fraction:
        """Time of the first sample that is heard, in seconds; priming that the container marks is not."""
        for packet in self.packets():
            try:
                frames: list[Any] = packet.decode()
                times = [frame.pts * frame.time_base for frame in frames if frame.pts is not None]
            except FFmpegError:
                continue
            if times:
                return Fraction(times[0])
        return Fraction(0)


def common_shift(source: str, index: FrameIndex, tracks: list[Track]) -> Fraction:
    """Seconds to add to every stream so that nothing presented stands below zero; 0 nearly always.

    It is a whole number of the video's ticks. Priming is never presented and moves nothing.
    """
    time_base = index.facts.time_base
    earliest = int(index.frame_pts.min()) * time_base
    for track in tracks:
        if track.kind == "audio" and track.action != "drop":
            sound = SoundTrack(lambda: open_beside(source), track.index)
            first = next(sound.packets(), None)
            if first is not None and first.pts is not None and first.pts < 0:
                earliest = min(earliest, sound.presented_start())
    return max(Fraction(0), -(earliest // time_base) * time_base)


def check_sound(
    result: Path, source: str, encoded: Callable[[], InputContainer] | None, tracks: list[Track], shift: Fraction
) -> float | None:
    """Compare every sound packet of the result with the one it was made from, and what is heard of both files.

    `encoded` opens the tracks that were encoded beside the video. Gives the largest change of time against the
    picture in milliseconds, None when there is no sound. Raises `ProofFailed` when a track or packet is missing or
    is not the same sound, or is not heard at its time: packets that are all there may be skipped by an edit list.
    """
    from media_ops.container.aligned import check_alignment
    from media_ops.container.heard import heard
    from media_ops.container.presented import difference

    kept = [track for track in tracks if track.kind == "audio" and track.action != "drop"]
    if not kept:
        return None
    with open_media(result) as container:
        made = [SoundTrack(lambda: open_media(result), stream.index) for stream in container.streams.audio]
    if len(made) != len(kept):
        raise ProofFailed(f"{result.name}: {len(made)} sound tracks instead of {len(kept)}")
    moved = []
    fresh = 0
    for sound, track in zip(made, kept, strict=True):
        original = SoundTrack(lambda: open_beside(source), track.index)
        if track.action == "encode":
            assert encoded is not None
            encoding = SoundTrack(encoded, fresh)
            fresh += 1
            moved.append(check_alignment(original, encoding))
            original = encoding
        moved.append(_compare(sound, original, shift))
    with open_beside(source) as container:
        place = {stream.index: number for number, stream in enumerate(container.streams.audio)}
    theirs = heard(source)
    for ours, track in zip(heard(str(result)), kept, strict=True):
        one = theirs[place[track.index]]
        if words := difference(one, ours, copied=track.action == "copy", shift=shift):
            raise ProofFailed(f"sound track {track.index}: in the result it {words}")
        if one.start is not None and ours.start is not None:
            moved.append(abs(ours.start - one.start - shift))
    return round(float(max(moved)) * 1000, 6)


def _compare(made: SoundTrack, source: SoundTrack, shift: Fraction) -> Fraction:
    if source.is_raw():
        return _compare_raw(made, source, shift)
    largest, number = Fraction(0), 0
    theirs = source.packets()
    for number, packet in enumerate(made.packets(), 1):
        origin = next(theirs, None)
        if origin is None:
            raise ProofFailed(f"sound track {made.index}: packet {number} is one too many")
        # An ADTS header is stripped on the way into MP4, so the result's payload is the end of the source's.
        if not bytes(origin).endswith(bytes(packet)):
            raise ProofFailed(f"sound track {made.index}: packet {number} is not the one of the source")
        if packet.pts is not None and origin.pts is not None:
            change = packet.pts * packet.time_base - origin.pts * origin.time_base - shift
            largest = max(largest, abs(Fraction(change)))
    if next(theirs, None) is not None:
        raise ProofFailed(f"sound track {made.index}: it ends after packet {number}, before the source's")
    return largest


def _compare_raw(made: SoundTrack, source: SoundTrack, shift: Fraction) -> Fraction:
    if made.digest() != source.digest():
        raise ProofFailed(f"sound track {made.index}: its samples are not those of the source")
    return abs(made.presented_start() - source.presented_start() - shift)
