"""A film as a player shows it: every decoded frame with its presentation time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from av.error import FFmpegError
from av.video.frame import VideoFrame

from media_ops.errors import DamagedMedia
from media_ops.frames.decoding import ON_ONE_THREAD, flushed, packets_with_content
from media_ops.frames.indexing import MARKED_AS_DAMAGED, build_index
from media_ops.frames.source import only_video, open_media


class Film:
    """The first video of `path`; raises `NotMedia` or `NoVideo` when there is none.

    `times` are the seconds of each frame played so far: as the decoder says, or as the index found them out where
    the container has none.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        index = build_index(path)
        self.container = index.facts.container
        self.frames = index.frames
        self._known = index.frame_pts if index.built_by == "decoding" else None
        self.time_base = index.facts.time_base
        self.times: list[Fraction] = []
        self.lost = 0
        found = index.findings
        self._damaged = bool(found.damage) or found.decoded_because == MARKED_AS_DAMAGED

    def play(self) -> Iterator[VideoFrame]:
        """Decode every frame in presentation order; packets that give an error instead are counted in `lost`."""
        self.times, self.lost = [], 0
        with open_media(self.path) as container:
            video = only_video(container)
            video.thread_type = "AUTO"
            if self._damaged or video.codec_context.name in ON_ONE_THREAD:
                # What several threads make of damage depends on their timing.
                video.thread_count = 1
            for packet in packets_with_content(container, video):
                try:
                    frames = video.codec_context.decode(packet)
                except FFmpegError:
                    self.lost += 1
                    continue
                yield from self._timed(frames)
            yield from self._timed(flushed(video))

    def _timed(self, frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
        for frame in frames:
            self.times.append(self._time(frame, len(self.times)))
            yield frame

    def _time(self, frame: VideoFrame, rank: int) -> Fraction:
        if self._known is not None and rank < len(self._known):
            return int(self._known[rank]) * self.time_base
        if frame.pts is None:
            raise DamagedMedia(f"{self.path!r}: frame {rank} has no time")
        return frame.pts * self.time_base
