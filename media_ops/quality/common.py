"""Two films brought to one size and format, in which they can be compared."""

from __future__ import annotations

from dataclasses import dataclass

from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation

from media_ops.errors import NotComparable
from media_ops.frames.likeness import format_of, picture, range_of

_LAYOUTS = {(4, 4): "yuv420p", (4, 8): "yuv422p", (8, 8): "yuv444p"}
_RARE = "rare"  # such as 4:1:1: compared as 4:4:4
_DEPTHS = (8, 10, 12, 16)
_SCALING = Interpolation.BICUBIC | Interpolation.ACCURATE_RND
_LIMITED = 1
_HDR = {16: "PQ", 18: "HLG"}  # transfer characteristics


@dataclass(frozen=True)
class _Shape:
    """How a film's frames are held: `range` and `matrix` are FFmpeg's numbers."""

    layout: str
    depth: int
    range: int
    matrix: int | None

    @property
    def format(self) -> str:
        return self.layout + ("" if self.depth == 8 else f"{self.depth}le")


@dataclass(frozen=True)
class Common:
    """The source's size, chroma layout and range, and the deeper of both depths; `notes` say what is converted.

    Pictures of another size are scaled to the source's, bicubic, as is usual. Of a grey film beside one in colour,
    luma is compared. Nothing is converted that need not be.
    """

    width: int
    height: int
    _reference: _Shape
    _distorted: _Shape
    notes: tuple[str, ...]

    @property
    def depth(self) -> int:
        """Bits of a sample."""
        return self._reference.depth

    @property
    def format(self) -> str:
        """Pixel format of the source's frames as they are compared."""
        return self._reference.format

    @classmethod
    def of(cls, reference: VideoFrame, distorted: VideoFrame) -> Common:
        """Look at the first frame of each."""
        depth = max(_depth(frame.format) for frame in (reference, distorted))
        layouts = [_layout(frame.format) for frame in (reference, distorted)]
        if layouts[0] == "rgb":  # then the planes of the other count
            layouts[0] = layouts[1]
        layouts = ["yuv444p" if layout in ("rgb", _RARE) else layout for layout in layouts]
        if "gray" not in layouts:
            layouts[1] = layouts[0]
        ranges = _ranges(reference, distorted)
        matrix = next((int(f.colorspace) for f in (reference, distorted) if not f.format.is_rgb), 1)
        shapes = [_Shape(layout, depth, ranges[0], matrix) for layout in layouts]
        notes = tuple(_notes(reference, distorted, ranges))
        return cls(reference.width, reference.height, shapes[0], shapes[1], notes)

    def reference(self, frame: VideoFrame) -> VideoFrame:
        """Give a frame of the source as it is compared."""
        if (frame.width, frame.height) != (self.width, self.height):
            raise NotComparable(
                f"the source's picture changes its size from {self.width}x{self.height} "
                f"to {frame.width}x{frame.height}"
            )
        return self._as(frame, self._reference)

    def distorted(self, frame: VideoFrame) -> VideoFrame:
        """Give a frame of the film that was made of it."""
        return self._as(frame, self._distorted)

    def _as(self, frame: VideoFrame, shape: _Shape) -> VideoFrame:
        said = _layout(frame.format), _depth(frame.format), range_of(frame)
        if said == (shape.layout, shape.depth, shape.range) and (frame.width, frame.height) == (
            self.width,
            self.height,
        ):
            return frame
        if said[0] == "gray" and said[2] != shape.range:
            return self._grey(frame, shape)
        return frame.reformat(
            self.width,
            self.height,
            shape.format,
            src_colorspace=None if frame.format.is_rgb else int(frame.colorspace),
            dst_colorspace=shape.matrix if frame.format.is_rgb else int(frame.colorspace),
            src_color_range=said[2],
            dst_color_range=shape.range,
            interpolation=int(_SCALING),
            threads=1,
        )

    def _grey(self, frame: VideoFrame, shape: _Shape) -> VideoFrame:
        """Convert the range: grey is always full to swscale, and only what has chroma can be limited."""
        if range_of(frame) == _LIMITED:
            raise NotComparable("a grey film of limited range cannot be compared with one of full range")
        format = "yuv420p" if shape.depth == 8 else f"yuv420p{shape.depth}le"
        limited = frame.reformat(
            self.width, self.height, format, dst_color_range=_LIMITED, interpolation=int(_SCALING), threads=1
        )
        return VideoFrame.from_ndarray(picture(limited).planes[0], shape.format)


def _layout(format: VideoFormat) -> str:
    if format.is_rgb or format.has_palette:
        return "rgb"
    if len(format.components) < 3:  # a second one is alpha
        return "gray"
    return _LAYOUTS.get((format.chroma_width(8), format.chroma_height(8)), _RARE)


def _depth(format: VideoFormat) -> int:
    bits = format.components[0].bits
    return next((depth for depth in _DEPTHS if bits <= depth), _DEPTHS[-1])


def _ranges(reference: VideoFrame, distorted: VideoFrame) -> tuple[int, int]:
    """Give the range to compare in, that of a film in YUV if there is one, and the output's own."""
    leads = _layout(reference.format) not in ("rgb", "gray") or _layout(distorted.format) in ("rgb", "gray")
    return range_of(reference if leads else distorted), range_of(distorted)


def _notes(reference: VideoFrame, distorted: VideoFrame, ranges: tuple[int, int]) -> list[str]:
    notes = []
    if (reference.width, reference.height) != (distorted.width, distorted.height):
        sizes = [f"{frame.width}x{frame.height}" for frame in (distorted, reference)]
        notes.append(f"the output is scaled from {sizes[0]} to the source's {sizes[1]}, bicubic")
    if format_of(reference) != format_of(distorted):
        notes.append(f"pixel format: {format_of(reference)} against {format_of(distorted)}")
    if ranges[0] != ranges[1]:
        notes.append("the output's range is converted to the source's")
    yuv = not (reference.format.is_rgb or distorted.format.is_rgb)
    if yuv and int(reference.colorspace) != int(distorted.colorspace):
        notes.append("the films' colour matrices differ: samples are compared as they are")
    if name := _HDR.get(int(reference.color_trc)):
        notes.append(f"the source is HDR ({name}); VMAF's model and the usual limits of PSNR were made for SDR")
    return notes
