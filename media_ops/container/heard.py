"""What is heard of each sound track: when it starts, when it ends, how long it is."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from fractions import Fraction

from av.audio.frame import AudioFrame
from av.error import FFmpegError

from media_ops.frames.source import open_media


@dataclass
class Heard:
    """One track, decoded: seconds of its first sample, of its end, and its samples laid end to end.

    Priming and padding that the container marks are not heard. `block` is what its codec may pad the end with.
    """

    codec: str
    block: Fraction
    start: Fraction | None = None
    end: Fraction = Fraction(0)
    length: Fraction = Fraction(0)

    def add(self, frame: AudioFrame) -> None:
        """Take in the next decoded frame."""
        lasts = Fraction(frame.samples, frame.sample_rate)
        self.length += lasts
        if frame.pts is not None and frame.time_base is not None:
            time = frame.pts * frame.time_base
            self.start = time if self.start is None else self.start
            self.end = time + lasts
        else:
            self.end += lasts


def heard(path: str) -> list[Heard]:
    """Decode all sound of a file, a track each; packets that cannot be decoded are not heard."""
    with open_media(path) as container:
        tracks = {}
        for stream in container.streams.audio:
            context = stream.codec_context
            block = Fraction(context.frame_size or 0, context.sample_rate or 1)
            tracks[stream.index] = Heard(context.name, block)
        if not tracks:
            return []
        for packet in container.demux([container.streams[index] for index in tracks]):
            with contextlib.suppress(FFmpegError):
                for frame in packet.decode():
                    if isinstance(frame, AudioFrame):
                        tracks[packet.stream.index].add(frame)
    return list(tracks.values())
