"""Encode one segment's frames into an intermediate file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import av
from av.codec.context import Flags
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from av.video.stream import VideoStream

from media_ops.algorithm import EncoderSettings
from media_ops.encoders.formats import FULL, choose_target, yuv_matrix
from media_ops.errors import Unsupported
from media_ops.frames.index import Facts

# Handed over as an option, because PyAV's codec context has no name for it.
_CHROMA_LOCATIONS = {"left", "center", "topleft", "top", "bottomleft", "bottom"}


class SegmentEncoder:
    """An encoder whose output can be joined with that of its siblings, writing NUT, which keeps any time base."""

    def __init__(self, path: Path, settings: EncoderSettings, facts: Facts, times: Sequence[int], threads: int):
        """Prepare to encode len(times) frames; `times` are their source PTS, in order, repeats allowed."""
        self.target = choose_target(settings.codec, facts)
        self.library_version = ""
        self._facts = facts
        self._times = strictly_increasing(times)
        self._number = 0
        self._reformatter = VideoReformatter()
        self._output = av.open(str(path), "w", format="nut")
        self._stream = self._add_stream(settings, threads)

    def __enter__(self) -> SegmentEncoder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._output.close()

    def convert(self, frame: VideoFrame) -> VideoFrame:
        """Bring a source frame into the encoder's pixel format; a no-op where that is the source's own."""
        target, facts = self.target, self._facts
        if frame.format.name == target.pixel_format:
            return frame
        full = facts.colour[3] == FULL or frame.format.name.startswith("yuvj") or frame.format.is_rgb
        table = _sws_table(yuv_matrix(target.colour, facts.height))
        return self._reformatter.reformat(
            frame,
            format=target.pixel_format,
            src_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG if target.colour[3] == FULL else ColorRange.MPEG,
            src_colorspace=table,
            dst_colorspace=table,
        )

    def encode(self, frame: VideoFrame) -> None:
        """Encode the next frame, already converted."""
        frame.pts = self._times[self._number] - self._times[0]
        frame.time_base = self._facts.time_base
        frame.pict_type = 0  # libx264 would copy the source's frame types
        self._number += 1
        try:
            packets = self._stream.encode(frame)
        except FFmpegError as error:
            raise Unsupported(f"the encoder refused frame {self._number} ({error.strerror})") from error
        self._mux(packets)

    def finish(self) -> bytes:
        """Flush the encoder; give its extradata (SPS, PPS)."""
        self._mux(self._stream.encode(None))
        return bytes(self._stream.codec_context.extradata or b"")

    def _mux(self, packets: list[Packet[Any]]) -> None:
        if packets and not self.library_version:
            self.library_version = _library_version(bytes(packets[0])) or self._stream.codec_context.name
        self._output.mux(packets)

    def _add_stream(self, settings: EncoderSettings, threads: int) -> VideoStream:
        facts = self._facts
        options = dict(settings.options)
        if facts.chroma_location in _CHROMA_LOCATIONS:
            options["chroma_sample_location"] = facts.chroma_location
        stream: VideoStream = self._output.add_stream(settings.codec, rate=facts.rate, options=options)  # type: ignore[assignment]
        context = stream.codec_context
        context.width, context.height = facts.width, facts.height
        context.pix_fmt = self.target.pixel_format
        context.time_base = stream.time_base = facts.time_base
        context.thread_count = threads
        (
            context.color_primaries,
            context.color_trc,
            context.colorspace,
            context.color_range,
        ) = self.target.colour
        if facts.sample_aspect_ratio:
            context.sample_aspect_ratio = facts.sample_aspect_ratio
        context.flags |= Flags.global_header
        if facts.interlaced:
            context.flags |= Flags.interlaced_dct | Flags.interlaced_me
        return stream


def strictly_increasing(times: Sequence[int]) -> list[int]:
    """Nudge repeated or backward times by a tick: encoders insist on it. The merge stamps the true ones."""
    nudged: list[int] = []
    for time in times:
        nudged.append(time if not nudged or time > nudged[-1] else nudged[-1] + 1)
    return nudged


def _sws_table(matrix: int) -> Colorspace:
    tables = {
        1: Colorspace.ITU709,
        4: Colorspace.FCC,
        7: Colorspace.SMPTE240M,
        9: Colorspace.BT2020,
        10: Colorspace.BT2020,
    }
    return tables.get(matrix, Colorspace.ITU601)


def _library_version(packet: bytes) -> str:
    """Version that x264 and x265 write into the first packet's SEI; empty where the encoder writes none."""
    found = re.search(rb"x26[45] (?:- core |\(build )\d+(?: r\d+)?", packet)
    return found.group().decode() if found else ""
