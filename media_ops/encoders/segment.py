"""Encode one segment's frames into an intermediate file."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from av.codec.context import Flags
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter
from av.video.stream import VideoStream

from media_ops.algorithm import EncoderSettings
from media_ops.encoders.formats import BOTTOM_FIRST, Target, choose_target
from media_ops.encoders.keys import key_numbers, reckoned
from media_ops.encoders.level import levelled
from media_ops.encoders.libraries import LIBRARIES
from media_ops.encoders.ordinary import stay_ordinary
from media_ops.errors import FrameLost, Unsupported
from media_ops.frames.colour import FULL, SCALER, sws_table, yuv_matrix
from media_ops.frames.index import Facts
from media_ops.pulse import beat, quiet

# What one large frame may take: x265 on one thread, "veryslow", needs about 1 s a megapixel, and may have to
# share its processor. Everybody has the usual seconds.
_SECONDS_A_MEGAPIXEL = 15
_USUAL = 60
_PASSES = {1: Flags.pass1, 2: Flags.pass2}


class SegmentEncoder:
    """An encoder whose output can be joined with that of its siblings, writing NUT, which keeps any time base.

    `size` counts the bytes of its packets. Its first pass's files are there in full once it is gone.
    """

    def __init__(
        self,
        path: Path,
        settings: EncoderSettings,
        facts: Facts,
        times: Sequence[int],
        threads: int,
        begins: int | None = None,
        *,
        ahead: bool = False,
    ):
        """Prepare to encode len(times) frames; `times` are their source PTS, in order, repeats allowed.

        `begins` is the film's first PTS: from there the times of key frames are counted, if any are wanted. With
        `ahead`, more frames will be shown to the encoder behind them.
        """
        self.target = choose_target(settings.codec, facts, settings.height)
        self.library_version = ""
        made = (self.target.pixel_format, self.target.width, self.target.height)
        self.lossless = settings.lossless and made == (facts.pixel_format, facts.width, facts.height)
        self.facts = facts
        self._times = strictly_increasing(times)
        self._keys: frozenset[int] = frozenset()
        if settings.key_seconds is not None and begins is not None:
            numbers = key_numbers(times, begins, facts.time_base, settings.key_seconds)
            settings, self._keys = reckoned(settings, numbers, len(times)), frozenset(numbers)
        self._patience = _SECONDS_A_MEGAPIXEL * self.target.width * self.target.height / 1e6 - _USUAL
        self._number = self._muxed = self.size = 0
        self._ahead = ahead
        self._gap = max(1, self._times[-1] - self._times[-2]) if len(self._times) > 1 else 1
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
        """Bring a source frame into the encoder's pixel format and size; a no-op where those are the source's own.

        Raises `Unsupported` where an interlaced picture would have to be scaled.
        """
        target, facts = self.target, self.facts
        scaled = (frame.width, frame.height) != (target.width, target.height)
        if not scaled and frame.format.name == target.pixel_format:
            return frame
        if scaled and frame.interlaced_frame:
            raise Unsupported(
                "a picture is interlaced and cannot be scaled without mixing its fields", rule="interlaced-scaling"
            )
        full = facts.colour[3] == FULL or frame.format.name.startswith("yuvj") or frame.format.is_rgb
        if not scaled and frame.format.name.replace("gbrap", "gbrp") == target.pixel_format:
            return _without_alpha(frame, target.pixel_format)
        table = sws_table(yuv_matrix(target.colour, facts.height))
        return self._reformatter.reformat(
            frame,
            target.width,
            target.height,
            format=target.pixel_format,
            interpolation=SCALER,
            threads=1,
            src_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG if target.colour[3] == FULL else ColorRange.MPEG,
            src_colorspace=table,
            dst_colorspace=table,
        )

    def encode(self, frame: VideoFrame) -> None:
        """Encode the next frame, already converted."""
        last = self._ahead and 0 < self._number == len(self._times) - 1
        # libx264 would copy the source's frame types. What is shown behind the last frame must not be referred to: no
        # B-frame can where that one is a P-frame, or what follows is a key frame.
        kind = PictureType.P if last and not self._keys else PictureType.NONE
        at = self._times[self._number] - self._times[0]
        self._feed(frame, at, PictureType.I if self._number in self._keys else kind)

    def show(self, frame: VideoFrame) -> None:
        """Let the encoder see what follows the last frame of the segment; it is not written."""
        behind = self._number + 1 - len(self._times)
        kind = PictureType.I if behind == 1 and self._keys else PictureType.NONE
        self._feed(frame, self._times[-1] - self._times[0] + behind * self._gap, kind)

    def _feed(self, frame: VideoFrame, pts: int, kind: PictureType) -> None:
        frame.pts, frame.time_base, frame.pict_type = pts, self.facts.time_base, kind
        self._number += 1
        try:
            with quiet(self._patience):
                packets = self._stream.encode(frame)
        except FFmpegError as error:
            raise Unsupported(f"the encoder refused frame {self._number} ({error.strerror})") from error
        self._mux(packets)

    def finish(self) -> bytes:
        """Flush the encoder; give its extradata (SPS, PPS)."""
        # One by one: what a slow encoder looks ahead may take minutes together.
        for packet in self._stream.codec_context.encode_lazy(None):
            packet.stream = self._stream
            self._mux([packet])
            beat()
            if self._ahead and self._muxed == len(self._times):
                break
        return bytes(self._stream.codec_context.extradata or b"")

    def _mux(self, packets: list[Packet[Any]]) -> None:
        if packets and not self.library_version:
            self.library_version = _library_version(bytes(packets[0])) or self._stream.codec_context.name
        # All that is shown beyond the end comes out behind what belongs to the segment.
        own = packets[: len(self._times) - self._muxed] if self._ahead else packets
        if any(packet.pts is None or packet.pts > self._times[-1] - self._times[0] for packet in own):
            raise FrameLost("the encoder gave a frame from behind the segment's end before all of its own")
        self._muxed += len(own)
        self.size += sum(packet.size for packet in own)
        self._output.mux(own)

    def _add_stream(self, settings: EncoderSettings, threads: int) -> VideoStream:
        facts, target = self.facts, self.target
        settings = levelled(settings, facts, target)
        options = _options(settings, facts, target, threads)
        if settings.codec == "libsvtav1":
            os.environ.setdefault("SVT_LOG", "1")  # it tells its settings on stderr, whoever reads that
            stay_ordinary()
        stream: VideoStream = self._output.add_stream(settings.codec, rate=facts.rate, options=options)  # type: ignore[assignment]
        context = stream.codec_context
        context.width, context.height = target.width, target.height
        context.pix_fmt = target.pixel_format
        context.time_base = stream.time_base = facts.time_base
        context.thread_count = threads
        (
            context.color_primaries,
            context.color_trc,
            context.colorspace,
            context.color_range,
        ) = target.colour
        if facts.sample_aspect_ratio:
            context.sample_aspect_ratio = facts.sample_aspect_ratio
        context.flags |= Flags.global_header
        if settings.number and settings.codec == "libx264":  # the others' own parameters say so
            context.flags |= _PASSES[settings.number]
        if target.interlaced:
            context.flags |= Flags.interlaced_dct | Flags.interlaced_me
        return stream


def _options(settings: EncoderSettings, facts: Facts, target: Target, threads: int) -> dict[str, str]:
    library = LIBRARIES[settings.codec]
    if not library.params_option:
        return dict(settings.options)
    params = settings.params | {library.threads_param: str(threads)} | library.light(facts.light)
    if target.interlaced and target.field_order:
        params["bff" if target.field_order == BOTTOM_FIRST else "tff"] = "1"
    options = settings.options | {library.params_option: ":".join(f"{k}={v}" for k, v in params.items())}
    if target.chroma_location:  # as an option, because PyAV's codec context has no name for it
        options["chroma_sample_location"] = target.chroma_location
    return options


def _without_alpha(frame: VideoFrame, name: str) -> VideoFrame:
    """Copy the three colour planes; from gbrap10 on FFmpeg 8.1's scaler spoils the last line of each slice."""
    made = VideoFrame(frame.width, frame.height, name)
    for source, plane in zip(frame.planes, made.planes, strict=False):
        width = min(source.line_size, plane.line_size)
        lines = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        given = np.frombuffer(memoryview(source), np.uint8).reshape(source.height, source.line_size)
        lines[:, :width] = given[:, :width]
    made.pts, made.time_base = frame.pts, frame.time_base
    return made


def strictly_increasing(times: Sequence[int]) -> list[int]:
    """Nudge repeated or backward times by a tick: encoders insist on it. The merge stamps the true ones."""
    nudged: list[int] = []
    for time in times:
        nudged.append(time if not nudged or time > nudged[-1] else nudged[-1] + 1)
    return nudged


def _library_version(packet: bytes) -> str:
    """Version that x264 writes into the first packet's SEI; empty where the encoder writes none.

    x265 with `info=0` and SVT-AV1 write none: the wheel's version, recorded beside it, stands for theirs.
    """
    found = re.search(rb"x264 - core \d+(?: r\d+)?", packet)
    return found.group().decode() if found else ""
