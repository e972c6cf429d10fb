"""The joined video track: the packets of all segments, stamped with the source's own times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from media_ops.container.timestamps import decoding_times, presentation_ranks, reorder_delay
from media_ops.errors import SegmentsDisagree
from media_ops.frames.index import FrameIndex
from media_ops.frames.source import demux

OpenSegment = Callable[[int], BinaryIO | str]


@dataclass(frozen=True)
class JoinedVideo:
    """Times in ticks of the source's time base, `shift` ticks later; one row a packet, in decoding order.

    `sizes` are in bytes, `counts` are the packets of each segment.
    """

    open_segment: OpenSegment
    counts: Sequence[int]
    pts: Sequence[int]
    dts: Sequence[int]
    durations: Sequence[int]
    sizes: Sequence[int]
    index: FrameIndex

    @classmethod
    def plan(cls, open_segment: OpenSegment, counts: Sequence[int], index: FrameIndex, shift: int) -> JoinedVideo:
        """Read every segment's packets once for their order; `counts` are the frames each must hold.

        Raises `SegmentsDisagree` when one holds more or fewer.
        """
        ranks: list[int] = []
        sizes: list[int] = []
        for number, count in enumerate(counts):
            with open_intermediate(open_segment(number)) as segment:
                video = segment.streams.video[0]
                packets = [(packet.pts, packet.size) for packet in demux(segment, video) if packet.size]
            times = [pts for pts, _ in packets]
            sizes += [size for _, size in packets]
            if len(times) != count or None in times:
                raise SegmentsDisagree(f"segment {number} holds {len(times)} frames instead of {count}")
            start = len(ranks)
            ranks += [start + rank for rank in presentation_ranks([t for t in times if t is not None])]
        presented = (index.frame_pts + shift).tolist()
        following = np.append(index.frame_pts[1:], index.frame_pts[-1] + index.last_duration)
        shown = np.maximum(following - index.frame_pts, 0).tolist()
        return cls(
            open_segment,
            counts,
            [presented[rank] for rank in ranks],
            decoding_times(presented, reorder_delay(ranks), index.typical_gap),
            [shown[rank] for rank in ranks],
            sizes,
            index,
        )

    @property
    def seconds(self) -> Fraction:
        """How long the film is shown."""
        return (self.index.ends - int(self.index.frame_pts[0])) * self.index.facts.time_base

    def packets(self, stream: VideoStream) -> Iterator[Packet[Any]]:
        """Give every packet, ready to be muxed into `stream`."""
        place = 0
        for number in range(len(self.counts)):
            with open_intermediate(self.open_segment(number)) as segment:
                for packet in demux(segment, segment.streams.video[0]):
                    if not packet.size:
                        continue
                    packet.pts, packet.dts = self.pts[place], self.dts[place]
                    packet.duration = self.durations[place]
                    packet.time_base = self.index.facts.time_base
                    packet.stream = stream
                    yield packet
                    place += 1


def open_intermediate(file: BinaryIO | str) -> InputContainer:
    """Open a file of our own making."""
    return av.open(file, "r", metadata_errors="replace")
