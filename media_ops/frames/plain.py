"""Decode a video from its first packet to its last, one thread, nothing sought, nothing chosen."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

from av.container import InputContainer
from av.error import FFmpegError
from av.sidedata.sidedata import Type
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from media_ops.errors import NoVideo
from media_ops.frames.fingerprint import fingerprint
from media_ops.frames.source import demux, only_video, open_media

# Dynamic data changes with every frame: that there is some is all that the first frame can tell.
_DYNAMIC = {
    Type.DYNAMIC_HDR_PLUS: "HDR10+",
    Type.DOVI_RPU_BUFFER: "Dolby Vision",
    Type.DOVI_METADATA: "Dolby Vision",
    Type.DYNAMIC_HDR_VIVID: "HDR Vivid",
}


class PlainDecode:
    """A decode and what it saw; `lines` are PTS and digest of each frame, in the order of presentation."""

    def __init__(self, first_frames: int, most_megapixels: float | None) -> None:
        self.first_frames = first_frames
        self.most_megapixels = most_megapixels
        self.container = ""
        self.sounds_only = False
        self.facts: dict[str, Any] = {}
        self.lines: list[str] = []
        self.packets = 0
        self.dts_span: int | None = None
        self.cut_off = False
        self.faults = 0
        self.first_fault: str | None = None
        self.megapixels = 0.0
        self._first_dts: int | None = None

    def decode(self, path: str | Path, on_progress: Callable[[float], None]) -> None:
        """Go through the file; raises `SourceNotFound`, `NotMedia`, `NoVideo` (also where no decoder knows it)."""
        with open_media(path) as container:
            self.container = container.format.name
            self.sounds_only = _sounds_only(container)
            video = only_video(container)
            if video.codec_context is None:
                raise NoVideo(f"{path}: no decoder knows the codec of the video stream")
            self.facts = _facts_of_stream(video) | {"frames_beside": _frames_beside(container, video)}
            video.codec_context.thread_count = 1
            for frame in self._frames(container, video):
                self._see(frame, video)
                on_progress(self.megapixels)
                if self._enough():
                    break

    def _frames(self, container: InputContainer, video: VideoStream) -> Any:
        context = video.codec_context
        try:
            for packet in demux(container, video):
                if not packet.size:
                    continue
                self._count(packet)
                try:
                    yield from context.decode(packet)
                except FFmpegError as error:
                    self._fault(f"packet {self.packets - 1}: {error.strerror}")
        except FFmpegError as error:
            self._fault(f"reading stops behind packet {self.packets - 1}: {error.strerror}")
        try:
            yield from context.decode(None)
        except FFmpegError as error:
            self._fault(f"the end: {error.strerror}")

    def _count(self, packet: Any) -> None:
        self.packets += 1
        if packet.dts is not None:
            self._first_dts = packet.dts if self._first_dts is None else self._first_dts
            self.dts_span = max(self.dts_span or 0, packet.dts - self._first_dts)

    def _see(self, frame: VideoFrame, video: VideoStream) -> None:
        if not self.lines:
            self.facts |= _facts_of_frame(frame, video)
        self.megapixels += frame.width * frame.height / 1e6
        self.lines.append(f"{'-' if frame.pts is None else frame.pts} {fingerprint(frame)}")

    def _enough(self) -> bool:
        limit = self.most_megapixels
        if limit is None or self.megapixels <= limit or len(self.lines) <= self.first_frames:
            return False
        del self.lines[self.first_frames :]
        self.cut_off = True
        return True

    def _fault(self, sentence: str) -> None:
        self.faults += 1
        self.first_fault = self.first_fault or sentence


def _sounds_only(container: InputContainer) -> bool:
    moving = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    return bool(container.streams.audio) and not moving


def _frames_beside(container: InputContainer, video: VideoStream) -> int:
    """Frames of the longest other video stream that is no cover, by the container's word."""
    others = [s for s in container.streams.video if s.index != video.index]
    return max((s.frames for s in others if not s.disposition & Disposition.attached_pic), default=0)


def _facts_of_stream(video: VideoStream) -> dict[str, Any]:
    rate = video.average_rate or video.guessed_rate or video.base_rate or Fraction(25)
    return {
        "codec": video.codec_context.name,
        "time_base": str(video.time_base),
        "step": str(1 / rate),
        "width": video.codec_context.width,
        "height": video.codec_context.height,
        "colour_by_container": _colour_of(video.codec_context),
    }


def _colour_of(tagged: Any) -> tuple[int, int, int, int]:
    return int(tagged.color_primaries), int(tagged.color_trc), int(tagged.colorspace), int(tagged.color_range)


def _facts_of_frame(frame: VideoFrame, video: VideoStream) -> dict[str, Any]:
    context, data = video.codec_context, _carried(frame)
    matrix = data.get(Type.DISPLAYMATRIX)
    pairs = zip(_colour_of(frame), _colour_of(context), (2, 2, 2, 0), strict=True)
    colour = tuple(by_stream if by_frame == nothing else by_frame for by_frame, by_stream, nothing in pairs)
    return {
        "width": frame.width,
        "height": frame.height,
        "pixel_format": frame.format.name,
        "colour": colour,
        "rgb": frame.format.is_rgb or frame.format.has_palette,
        "sample_aspect": str(video.sample_aspect_ratio or context.sample_aspect_ratio or 1),
        "display_matrix": struct.unpack("<9i", matrix[:36]) if matrix else None,
        "side_data": _side_data(data),
    }


def _carried(frame: VideoFrame) -> dict[Type, bytes]:
    try:
        return {item.type: bytes(item) for item in cast(Any, frame.side_data)}
    except ValueError:  # PyAV 18.1 shows none of it where one kind is unknown to it, such as EXIF (31)
        return {}


def _side_data(data: dict[Type, bytes]) -> dict[str, str]:
    found = {name: "there" for kind, name in _DYNAMIC.items() if kind in data}
    if Type.MASTERING_DISPLAY_METADATA in data:
        found["mastering display"] = _mastering(data[Type.MASTERING_DISPLAY_METADATA])
    if Type.CONTENT_LIGHT_LEVEL in data:
        most, average = struct.unpack("=2I", data[Type.CONTENT_LIGHT_LEVEL][:8])
        found["content light level"] = f"{most}, {average}"
    return found


def _mastering(data: bytes) -> str:
    """Read AVMasteringDisplayMetadata: ten fractions, then whether primaries and luminance are told."""
    numbers = struct.unpack("=22i", data[:88])
    values = [Fraction(n, d) if d else Fraction(0) for n, d in zip(numbers[:20:2], numbers[1:20:2], strict=True)]
    # SEI and boxes count colours in 1/50000 and luminance in 1/10000 cd/m2.
    colours = [round(value * 50000) for value in values[:8]] if numbers[20] else []
    luminance = [round(value * 10000) for value in values[8:]] if numbers[21] else []
    return f"colours {colours}, luminance {luminance}"
