"""Write the result: the joined video, the sound, and everything else that the container can hold."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeAlias

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from media_ops.container.joined import JoinedVideo, open_intermediate
from media_ops.container.language import quicktime_language
from media_ops.container.light import with_light
from media_ops.container.priming import CopyLane, add_sound
from media_ops.container.subtitles import SubtitleEncoder
from media_ops.container.sync import SoundTrack
from media_ops.container.tracks import MATROSKA
from media_ops.errors import Unsupported
from media_ops.frames.light import NO_LIGHT
from media_ops.frames.source import demux, open_beside
from media_ops.model import Track
from media_ops.pulse import quiet, seconds_for

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
    """What goes into the result. `shift` is added to every time of every stream.

    `colour` is given where the coded stream says nothing of it.
    """

    source: str
    video_index: int
    video: JoinedVideo
    tracks: list[Track]
    sound: BinaryIO | str | None
    shift: Fraction
    display_matrix: tuple[int, ...] | None = None
    field_order: int = 0
    tag: str | None = None
    colour: tuple[int, int, int, int] | None = None


def write_result(path: Path, container: str, contents: Contents, on_packet: Callable[[int], None]) -> None:
    """Mux `contents` into `path`. Raises `Unsupported` when the container refuses a stream."""
    time_base = contents.video.index.facts.time_base
    with ExitStack() as stack:
        source = stack.enter_context(open_beside(contents.source))
        options = muxer_options(container, time_base)
        output = stack.enter_context(av.open(str(path), "w", format=container, options=options))
        video = _video_stream(stack, output, contents, container)
        original = source.streams[contents.video_index]
        _describe(video, original, container)
        if contents.display_matrix:
            video.set_display_matrix(contents.display_matrix)
        _copy_tags(source.metadata, output.metadata)
        feeds = [_stamped(contents.video.packets(video), 0)]
        feeds += _beside(stack, source, output, contents, container)
        output.set_chapters(_chapters(source, contents.shift))
        try:
            for number, (_, _, packet) in enumerate(heapq.merge(*feeds, key=lambda step: step[:2])):
                output.mux_one(packet)
                on_packet(number)
        except FFmpegError as error:
            raise Unsupported(f"{container} refused a packet of {contents.source} ({error.strerror})") from error
        # Its table goes to the front: the muxer moves all that it has written, in one call.
        with quiet(seconds_for(path.stat().st_size)):
            output.close()


def _video_stream(stack: ExitStack, output: OutputContainer, contents: Contents, container: str) -> VideoStream:
    """Add the video as its first segment has it, with what only the container says."""
    facts = contents.video.index.facts
    template = stack.enter_context(open_intermediate(contents.video.open_segment(0))).streams.video[0]
    extradata, framerate = template.codec_context.extradata, template.codec_context.framerate
    if facts.light != NO_LIGHT:
        template = stack.enter_context(with_light(template, facts.light)).streams.video[0]
    video = output.add_stream_from_template(template, opaque=True)
    context = video.codec_context
    # The packets are as the segment has them, not as MP4 would.
    context.extradata, context.framerate = extradata, framerate or Fraction(0)
    context.field_order = contents.field_order
    if contents.colour:
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = contents.colour
    if facts.sample_aspect_ratio:  # no part of an AV1 stream
        context.sample_aspect_ratio = facts.sample_aspect_ratio
    if container in ("mp4", "mov") and contents.tag:
        context.codec_tag = contents.tag
    video.time_base = facts.time_base
    return video


def muxer_options(container: str, time_base: Fraction) -> dict[str, str]:
    """Choose options so that no time is changed; `time_base` is the video's."""
    if container in MATROSKA:
        return {"avoid_negative_ts": "disabled"}
    # Edit lists count in the movie's clock: a multiple of the video's keeps its start exact.
    clock = time_base.denominator * max(1, -(-10000 // time_base.denominator))
    return {"movie_timescale": str(min(clock, 2**31 - 1)), "movflags": "+faststart", "avoid_negative_ts": "disabled"}


class _Lane(Protocol):
    """Where packets of one source stream go."""

    @property
    def stream(self) -> Stream: ...

    def convert(self, packet: Packet[Any]) -> Iterable[Packet[Any]]: ...


def _beside(
    stack: ExitStack, source: InputContainer, output: OutputContainer, contents: Contents, container: str
) -> list[Iterator[Step]]:
    """Add every other track, in the source's order; give a feed of what the source has, one of what was encoded."""
    file = contents.sound
    sound = stack.enter_context(open_intermediate(file)) if file is not None else None
    encoded = iter(sound.streams.audio if sound else ())
    lanes: dict[int, _Lane] = {}
    fresh: dict[int, _Lane] = {}
    for track in contents.tracks:
        original = source.streams[track.index]
        lane: _Lane | None
        if track.kind == "audio" and track.action == "encode":
            stream: Stream = next(encoded)
            track_made = SoundTrack(lambda: open_intermediate(file or ""), stream.index)
            lane = fresh[stream.index] = add_sound(output, stream, track_made, container)
        else:
            stream, lane = original, _lane(track, original, output, contents, container)
            if lane is not None:
                lanes[track.index] = lane
        if lane is not None:
            lane.stream.time_base = stream.time_base
            _describe(lane.stream, original, container)
    feeds = []
    if lanes:
        wanted = [source.streams[index] for index in lanes]
        feeds.append(_stamped(_shifted(source, wanted, lanes, contents.shift), 1))
    if sound:
        feeds.append(_stamped(_shifted(sound, list(sound.streams.audio), fresh, contents.shift), 2))
    return feeds


def _lane(track: Track, stream: Stream, output: OutputContainer, contents: Contents, container: str) -> _Lane | None:
    if track.kind == "subtitle" and track.action == "encode":
        return SubtitleEncoder(stream, output, track.codec or "")
    if track.action != "copy":
        return None
    if track.kind == "audio":
        return add_sound(output, stream, SoundTrack(lambda: open_beside(contents.source), track.index), container)
    if track.kind == "picture" and container in MATROSKA:
        _attach_cover(contents.source, stream, output)
        return None
    added = output.add_stream_from_template(stream)
    if track.kind == "attachment":  # it lies in the header and has no packets
        _describe(added, stream, container)
        return None
    return CopyLane(added)


def _attach_cover(source: str, stream: Stream, output: OutputContainer) -> None:
    """Attach a cover as Matroska wants it: as a file of a known name."""
    extension, kind = ("png", "image/png") if stream.codec_context.name == "png" else ("jpg", "image/jpeg")
    with open_beside(source) as container:
        picture = next(packet for packet in container.demux(container.streams[stream.index]) if packet.size)
        output.add_attachment(f"cover.{extension}", kind, bytes(picture))


def _shifted(
    source: InputContainer, wanted: list[Any], lanes: Mapping[int, _Lane], shift: Fraction
) -> Iterator[Packet[Any]]:
    for packet in demux(source, wanted):
        if packet.size:
            lane = lanes[packet.stream_index]
            for ready in lane.convert(packet):
                yield moved(ready, lane.stream, shift)


def moved(packet: Packet[Any], stream: Stream, shift: Fraction) -> Packet[Any]:
    """Address a packet to `stream`, `shift` seconds later."""
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


def _describe(stream: Stream, original: Stream, container: str) -> None:
    _copy_tags(original.metadata, stream.metadata)
    stream.disposition = original.disposition
    language = original.metadata.get("language")
    if container == "mov" and language:
        stream.metadata["language"] = quicktime_language(language)


def _copy_tags(source: dict[str, str], target: dict[str, str]) -> None:
    target.update({key: value for key, value in source.items() if key not in _NOT_COPIED})


def _chapters(source: InputContainer, shift: Fraction) -> list[Any]:
    chapters = source.chapters()
    for chapter in chapters:
        ticks = round(shift / (chapter["time_base"] or Fraction(1, 1000)))
        chapter["start"] += ticks
        chapter["end"] += ticks
    return chapters
