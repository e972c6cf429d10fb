"""Frames on their way from the reader, and what is noted of them."""

from __future__ import annotations

from collections.abc import Iterator

from av.video.frame import VideoFrame

from media_ops.frames.fingerprint import fingerprint
from media_ops.frames.reader import FrameReader
from media_ops.model import Segment


class Noted:
    """Frames as they are read; the digests of those at the segment's ends are noted on the way, or of `all`."""

    def __init__(self, reader: FrameReader, segment: Segment, *, all: bool) -> None:
        self.fingerprints: dict[int, str] = {}
        self.seen: list[str] = []
        self._all = all
        self._wanted = range(segment.start, segment.end)
        self._shown = range(segment.start, segment.end + segment.ahead)
        self._marked = {segment.start - 1, segment.start, segment.end - 1, segment.end}
        self._frames = iter(reader)

    def __iter__(self) -> Iterator[tuple[int, VideoFrame]]:
        for rank, frame in self._frames:
            if rank in self._marked:
                self.fingerprints[rank] = fingerprint(frame)
            if self._all and rank in self._wanted:
                self.seen.append(f"{frame.pts} {self.fingerprints.get(rank) or fingerprint(frame)}")
            yield rank, frame

    def own(self) -> Iterator[tuple[int, list[VideoFrame]]]:
        """Give the segment's own frames, and those behind it that the encoder is to see."""
        return ((rank, [frame]) for rank, frame in self if rank in self._shown)

    def exhaust(self) -> None:
        """Read what nobody asked for: the frame behind the end is the next segment's first."""
        for _ in self:
            pass
