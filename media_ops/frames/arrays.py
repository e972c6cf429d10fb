"""Decoded frames as numpy pictures, and pictures as frames for the encoder."""

from __future__ import annotations

import weakref
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from numpy.typing import NDArray

from media_ops.errors import Unsupported
from media_ops.frame import Format, Luma, Planes, Rgb
from media_ops.frames.colour import SCALER, is_full, sws_table, yuv_matrix
from media_ops.frames.index import Facts
from media_ops.frames.rgb import RgbConversion
from media_ops.frames.working import working_facts

if TYPE_CHECKING:
    from media_ops.frame import Picture

Plane = NDArray[Any]


class Pictures:
    """Turn decoded frames into what an algorithm asked for, and what it gave back into frames for the encoder.

    `facts` are those of frames that `to_frame` gives, size apart. Raises `Unsupported` for pixel formats and matrices
    that cannot be converted. Nothing depends on earlier frames.
    """

    def __init__(self, facts: Facts, form: Format) -> None:
        self.form = form
        self.facts = working_facts(facts, form)
        self._source = facts
        self._format = VideoFormat(self.facts.pixel_format, 16, 16)
        self._depth = self._format.components[0].bits
        self._bits = bits_of(form, self._depth)
        yuv = isinstance(form, Rgb) and not self._format.is_rgb
        self._conversion = RgbConversion(self.facts, self._bits) if yuv else None
        self._given: dict[int, tuple[VideoFrame, weakref.ref[Plane]]] = {}
        self._reformatter = VideoReformatter()
        self._copier: tuple[tuple[int, int], Graph] | None = None

    def working(self, frame: VideoFrame) -> VideoFrame:
        """Bring a source frame into the working format; a no-op where that is its own."""
        name = self.facts.pixel_format
        if frame.format.name == name:
            return frame
        table = sws_table(yuv_matrix(self.facts.colour, self.facts.height))
        from_rgb = frame.format.is_rgb or frame.format.has_palette
        done = self._reformatter.reformat(
            frame,
            format=name,
            interpolation=SCALER | Interpolation.FULL_CHR_H_INP,
            threads=1,
            src_color_range=ColorRange.JPEG if from_rgb or is_full(self.facts) else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG if is_full(self.facts) else ColorRange.MPEG,
            src_colorspace=table,
            dst_colorspace=table,
        )
        done.colorspace, done.color_range = self.facts.colour[2:]
        return done

    def picture(self, working: VideoFrame) -> Any:
        """Give read-only arrays; planes are views that keep the frame alive."""
        if isinstance(self.form, Luma):
            return _plane(working, 0, self._depth)
        if isinstance(self.form, Planes):
            return tuple(self._planes(working))
        if self._conversion:
            rgb = self._conversion.rgb(self._planes(working), working.interlaced_frame)
        else:
            rgb = self._of_channels(self._planes(working))
        rgb.flags.writeable = False
        key = id(working)
        self._given[key] = (working, weakref.ref(rgb, lambda _: self._given.pop(key, None)))
        return rgb

    def to_frame(self, picture: Picture, working: VideoFrame) -> VideoFrame:
        """Make a new frame of a picture that `check_picture` let pass; `working` gives what it has not.

        RGB of the working frame's size is compared with what was given for it, and the difference is added. Raises
        `Unsupported` where chroma of an interlaced picture would have to be scaled under new luma.
        """
        first: Plane = picture[0] if isinstance(self.form, Planes) else picture
        height, width = first.shape[:2]
        same = (width, height) == (working.width, working.height)
        frame = self._copy(working) if same else self._scaled(working, width, height)
        if isinstance(self.form, Rgb):
            new = np.ascontiguousarray(picture)
            planes = self._planes(frame, writable=True)
            if not self._conversion:
                self._to_channels(planes, new, self._given_for(working) if same else None)
            elif same:
                source, fields = self._planes(working), working.interlaced_frame
                self._conversion.add(planes, source, new, self._given_for(working), fields)
            else:
                self._conversion.fill(planes, new)
            return frame
        made = picture if isinstance(self.form, Planes) else [picture]
        for number, plane in enumerate(made):
            np.copyto(_plane(frame, number, self._depth, writable=True), plane)
        return frame

    def _planes(self, frame: VideoFrame, writable: bool = False) -> list[Plane]:
        """Y, U and V, or red, green and blue; or Y alone."""
        order = (2, 0, 1) if self._format.is_rgb else range(planes_of(self.facts.pixel_format))
        return [_plane(frame, number, self._depth, writable) for number in order]

    def _given_for(self, working: VideoFrame) -> Plane:
        known = self._given.get(id(working))
        given = known[1]() if known else None
        return given if given is not None else self.picture(working)

    def _of_channels(self, channels: list[Plane]) -> Plane:
        most, wanted = (1 << self._depth) - 1, (1 << self._bits) - 1
        if most == wanted:
            return cv2.merge(channels)
        kind = np.uint8 if self._bits == 8 else np.uint16
        scaled: list[Plane] = [np.rint(c * np.float64(wanted / most)).astype(kind) for c in channels]
        return cv2.merge(scaled)

    def _to_channels(self, channels: list[Plane], new: Plane, given: Plane | None) -> None:
        most, made = (1 << self._depth) - 1, (1 << self._bits) - 1
        for number, channel in enumerate(channels):
            if most == made:
                channel[...] = new[..., number]
                continue
            change = new[..., number].astype(np.float64)
            if given is not None:
                change -= given[..., number]
                change += channel * np.float64(made / most)
            channel[...] = np.clip(np.rint(change * (most / made)), 0, most)

    def _copy(self, working: VideoFrame) -> VideoFrame:
        """Copy a frame with all that goes with it, such as which field comes first; nothing in PyAV sets that."""
        size = (working.width, working.height)
        if self._copier is None or self._copier[0] != size:
            self._copier = (size, _copier(working))
        graph = self._copier[1]
        graph.vpush(working)
        return _tagged_like(graph.vpull(), working)  # the graph calls grey of no known range full

    def _scaled(self, working: VideoFrame, width: int, height: int) -> VideoFrame:
        if isinstance(self.form, Luma) and working.interlaced_frame and planes_of(self.facts.pixel_format) > 1:
            raise Unsupported(
                "a picture is interlaced, and its chroma cannot be scaled to the new size of its luma without mixing "
                "its fields",
                rule="interlaced-scaling",
            )
        table = sws_table(yuv_matrix(self.facts.colour, self.facts.height))
        range_ = ColorRange.JPEG if is_full(self.facts) else ColorRange.MPEG
        frame = self._reformatter.reformat(
            working,
            width,
            height,
            interpolation=SCALER,
            threads=1,
            src_color_range=range_,
            dst_color_range=range_,
            src_colorspace=table,
            dst_colorspace=table,
        )
        return _tagged_like(frame, working)


def bits_of(form: Format, depth: int) -> int:
    """Bits of a picture's numbers."""
    if isinstance(form, Rgb):
        return form.bits or (8 if depth <= 8 else 16)
    return depth


def planes_of(name: str) -> int:
    """Planes that an algorithm sees, of a format that is no RGB: luma, and chroma if there is any."""
    return 3 if name.startswith("yuv") else 1


def _plane(frame: VideoFrame, number: int, depth: int, writable: bool = False) -> Plane:
    plane = frame.planes[number]
    memory = memoryview(plane)
    samples = np.frombuffer(memory if writable else memory.toreadonly(), np.uint8 if depth == 8 else np.dtype("<u2"))
    lines = samples.reshape(plane.height, -1)
    if plane.line_size < 0:
        lines = lines[::-1]
    step = 2 if frame.format.name.startswith("ya") else 1  # luma and alpha take turns
    return lines[:, : plane.width * step : step]


def _tagged_like(frame: VideoFrame, other: VideoFrame) -> VideoFrame:
    frame.colorspace, frame.color_range = other.colorspace, other.color_range
    return frame


def _copier(frame: VideoFrame) -> Graph:
    graph = Graph()
    graph.threads = 1
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1)
    )
    graph.link_nodes(source, graph.add("copy"), graph.add("buffersink")).configure()
    return graph
