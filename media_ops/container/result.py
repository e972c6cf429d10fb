"""Write the result: the joined video, the sound, and everything else that the container can hold."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream

from media_ops.container.joined import JoinedVideo, open_intermediate
from media_ops.container.priming import add_sound_stream
from media_ops.container.subtitles import SubtitleEncoder
from media_ops.errors import Unsupported
from media_ops.frames.source import open_media
from media_ops.model import Track

# A `timecode` tag makes the MP4 header fail; the others describe the source's file, not its content.
_NOT_COPIED = {
    "encoder",
    "major_brand",
    "minor_version",
    "compatible_brands",
    "timecode",
    "handler_name",
    "vendor_id",
    "DURATION",
    "ENCODER",
}
Step: TypeAlias = "tuple[float, int, Packet[Any]]"


@dataclass(frozen=True)
class Contents:
    """What goes into the result. `shift` is added to every time of every stream."""

    source: str
    video_index: int
    video: JoinedVideo
    tracks: list[Track]
    sound: BinaryIO | str | None
    shift: Fraction
    rotation: int = 0


def write_result(path: Path, container: str, contents: Contents, on_packet: Callable[[int], None]) -> None:
    """Mux `contents` into `path`. Raises `Unsupported` when the container refuses a stream."""
    time_base = contents.video.index.facts.time_base
    with ExitStack() as stack:
        source = stack.enter_context(open_media(contents.source))
        options = _muxer_options(container, time_base)
        output = stack.enter_context(av.open(str(path), "w", format=container, options=options))
        first = stack.enter_context(open_intermediate(contents.video.open_segment(0)))
        video = output.add_stream_from_template(first.streams.video[0])
        video.time_base = time_base
        original = source.streams[contents.video_index]
        _describe(video, original)
        if contents.rotation:
            video.set_display_rotation(contents.rotation)
        _copy_tags(source.metadata, output.metadata)
        feeds = [_stamped(contents.video.packets(video), 0)]
        feeds += _copied(source, output, contents, container)
        if contents.sound is not None:
            feeds.append(_encoded(stack, source, output, contents, container))
        output.set_chapters(_chapters(source, contents.shift))
        try:
            for number, (_, _, packet) in enumerate(heapq.merge(*feeds, key=lambda step: step[:2])):
                output.mux_one(packet)
                on_packet(number)
        except FFmpegError as error:
            raise Unsupported(f"{container} refused a packet of {contents.source} ({error.strerror})") from error


def _muxer_options(container: str, time_base: Fraction) -> dict[str, str]:
    if container == "matroska":
        return {"avoid_negative_ts": "disabled"}
    # Edit lists count in the movie's clock: a multiple of the video's keeps its start exact.
    clock = time_base.denominator * max(1, -(-10000 // time_base.denominator))
    return {"movie_timescale": str(min(clock, 2**31 - 1)), "movflags": "+faststart", "avoid_negative_ts": "disabled"}


def _copied(
    source: InputContainer, output: OutputContainer, contents: Contents, container: str
) -> list[Iterator[Step]]:
    """One feed with every track that comes from the source itself, copied or re-encoded subtitles."""
    outputs: dict[int, Stream] = {}
    subtitles: dict[int, SubtitleEncoder] = {}
    for track in contents.tracks:
        stream = source.streams[track.index]
        if track.action == "encode" and track.kind == "subtitle":
            subtitles[track.index] = SubtitleEncoder(stream, output, track.codec or "")
            outputs[track.index] = subtitles[track.index].stream
        elif track.action == "copy" and track.kind == "attachment":
            output.add_stream_from_template(stream)
        elif track.action == "copy":
            add = add_sound_stream if track.kind == "audio" else _add_copy
            outputs[track.index] = add(output, stream, container)
            outputs[track.index].time_base = stream.time_base
        if track.index in outputs:
            _describe(outputs[track.index], stream)
    wanted = [source.streams[index] for index in outputs]
    return [_stamped(_shifted(source, wanted, outputs, subtitles, contents.shift), 1)] if wanted else []


def _add_copy(output: OutputContainer, stream: Stream, container: str) -> Stream:
    return output.add_stream_from_template(stream)


def _shifted(
    source: InputContainer,
    wanted: list[Any],
    outputs: dict[int, Stream],
    subtitles: dict[int, SubtitleEncoder],
    shift: Fraction,
) -> Iterator[Packet[Any]]:
    for packet in source.demux(wanted):
        if not packet.size:
            continue
        index = packet.stream_index
        for ready in subtitles[index].convert(packet) if index in subtitles else (packet,):
            yield _moved(ready, outputs[index], shift)


def _encoded(
    stack: ExitStack, source: InputContainer, output: OutputContainer, contents: Contents, container: str
) -> Iterator[Step]:
    """The feed of the sound tracks that were encoded beside the video."""
    assert contents.sound is not None
    sound = stack.enter_context(open_intermediate(contents.sound))
    tracks = [track for track in contents.tracks if track.kind == "audio" and track.action == "encode"]
    outputs = {}
    for stream, track in zip(sound.streams.audio, tracks, strict=True):
        outputs[stream.index] = add_sound_stream(output, stream, container)
        outputs[stream.index].time_base = stream.time_base
        _describe(outputs[stream.index], source.streams[track.index])
    packets = (packet for packet in sound.demux(list(sound.streams.audio)) if packet.size)
    return _stamped((_moved(packet, outputs[packet.stream_index], contents.shift) for packet in packets), 2)


def _moved(packet: Packet[Any], stream: Stream, shift: Fraction) -> Packet[Any]:
    ticks = round(shift / packet.time_base)
    packet.pts = None if packet.pts is None else packet.pts + ticks
    packet.dts = packet.pts if packet.dts is None else packet.dts + ticks
    packet.stream = stream
    return packet


def _stamped(packets: Iterator[Packet[Any]], feed: int) -> Iterator[Step]:
    latest = 0.0
    for packet in packets:
        if packet.dts is not None:
            latest = float(packet.dts * packet.time_base)
        yield latest, feed, packet


def _describe(stream: Stream, original: Stream) -> None:
    _copy_tags(original.metadata, stream.metadata)
    stream.disposition = original.disposition


def _copy_tags(source: dict[str, str], target: dict[str, str]) -> None:
    target.update({key: value for key, value in source.items() if key not in _NOT_COPIED})


def _chapters(source: InputContainer, shift: Fraction) -> list[Any]:
    chapters = source.chapters()
    for chapter in chapters:
        ticks = round(shift / (chapter["time_base"] or Fraction(1, 1000)))
        chapter["start"] += ticks
        chapter["end"] += ticks
    return chapters
