"""HDR10 metadata of a container: what a file's header says, and a template whose stream has it.

PyAV cannot attach side data to a stream, but a stream that is added from a demuxed template takes over the
template's. So a stream's first packet is written into a small MP4 in memory, the boxes `mdcv` and `clli`
(ISO/IEC 14496-12, 12.1.6; CTA-861.3 numbers) are put into its sample entry, and that file is opened as the template.
Read the other way round, the same small MP4 tells what any file's header holds, Matroska's included.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from media_ops.errors import ProofFailed
from media_ops.frames.light import Light, light_of
from media_ops.frames.look import side_data
from media_ops.frames.source import only_video, open_media

_PATH = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
_ENTRY_FIELDS = 8 + 78  # header and fields of a VisualSampleEntry, before its boxes
_DISPLAY, _CONTENT = struct.Struct(">8H2I"), struct.Struct(">2H")


def with_light(stream: VideoStream, light: Light) -> InputContainer:
    """Open a small MP4 whose only stream is like `stream`, and whose header says `light`."""
    header = bytearray(_small_mp4(stream))
    boxes = b""
    if light.display:
        boxes += struct.pack(">I4s", 8 + _DISPLAY.size, b"mdcv") + _DISPLAY.pack(*light.display)
    if light.content:
        boxes += struct.pack(">I4s", 8 + _CONTENT.size, b"clli") + _CONTENT.pack(*light.content)
    parents = _way_to_entry(header)
    start, size = parents[-1]
    header[start + size : start + size] = boxes
    for at, length in parents:  # `moov` is the last box of the file: nothing else moves
        struct.pack_into(">I", header, at, length + len(boxes))
    return av.open(io.BytesIO(bytes(header)), "r", format="mp4")


def check_light(path: Path, wanted: Light, slack: int) -> None:
    """Raise `ProofFailed` unless both the coded stream of `path` and its container say `wanted`."""
    with open_media(path) as container:
        video = only_video(container)
        # A fresh decoder knows nothing of the container.
        decoder: Any = VideoCodecContext.create(video.codec_context.name, "r")
        decoder.extradata = video.codec_context.extradata
        frame = next(_frames(decoder, container.demux(video)), None)
        in_stream = light_of(side_data(frame))
    with open_media(path) as container:
        in_container = _light_of_header(_small_mp4(only_video(container)))
    for place, found in (("stream", in_stream), ("container", in_container)):
        if not found.near(wanted, slack):
            raise ProofFailed(f"HDR10 metadata of the {place} became {found} instead of {wanted}")


def _frames(decoder: VideoCodecContext, packets: Iterator[Packet[VideoStream]]) -> Iterator[av.VideoFrame]:
    for packet in packets:
        yield from decoder.decode(packet)


def _small_mp4(stream: VideoStream) -> bytes:
    """Write the stream's header and first packet; `moov` comes last."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        copy = output.add_stream_from_template(stream, opaque=True)
        packet = next(packet for packet in stream.container.demux(stream) if packet.size)  # type: ignore[attr-defined]
        packet.pts = packet.dts = 0
        packet.stream = copy
        output.mux(packet)
    return file.getvalue()


def _light_of_header(file: bytes) -> Light:
    start, size = _way_to_entry(file)[-1]
    light: dict[str, tuple[int, ...]] = {}
    for kind, at, length in _boxes(file, start + _ENTRY_FIELDS, start + size):
        if kind == b"mdcv":
            light["display"] = _DISPLAY.unpack(file[at + 8 : at + length])
        if kind == b"clli":
            light["content"] = _CONTENT.unpack(file[at + 8 : at + length])
    return Light(**light)


def _way_to_entry(file: bytes | bytearray) -> list[tuple[int, int]]:
    """Places and sizes of the boxes from `moov` down to the first sample entry."""
    way: list[tuple[int, int]] = []
    start, end = 0, len(file)
    for name in _PATH:
        at, size = next((at, size) for kind, at, size in _boxes(file, start, end) if kind == name)
        way.append((at, size))
        start, end = at + 8, at + size
    start += 8  # version, flags and count of `stsd`
    way.append((start, struct.unpack_from(">I", file, start)[0]))
    return way


def _boxes(file: bytes | bytearray, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", file, start)
        if size < 8:
            return
        yield kind, start, size
        start += size
