"""Choose the pixel format and colour tags of a result: the source's own wherever they can be kept."""

from __future__ import annotations

from dataclasses import dataclass

import av
from av.codec.codec import find_best_pix_fmt_of_list

from media_ops.encoders.libraries import LIBRARIES
from media_ops.errors import Unsupported
from media_ops.frames.colour import FULL, GBR, LIMITED, yuv_matrix
from media_ops.frames.index import Facts

# Field orders as FFmpeg numbers them: top or bottom field coded first; the other two are coded and shown in turn.
TOP_FIRST, BOTTOM_FIRST = 2, 3
_SHOWN_FIRST = {2: TOP_FIRST, 3: BOTTOM_FIRST, 4: BOTTOM_FIRST, 5: TOP_FIRST}


@dataclass(frozen=True)
class Target:
    """What an encoder is given, and what is lost by it, in words for the job's warnings.

    `colour` is primaries, transfer, matrix and range, numbered as in `Facts`; `field_order` as there, and
    `interlaced` says that the encoder codes fields.
    """

    pixel_format: str
    colour: tuple[int, int, int, int]
    width: int
    height: int
    chroma_location: str | None = None
    field_order: int = 0
    interlaced: bool = False
    warnings: tuple[str, ...] = ()


def choose_target(codec: str, facts: Facts, height: int | None = None) -> Target:
    """Keep bit depth and chroma where the encoder can, else take the nearest with a warning; scale to `height`.

    Raises `Unsupported` for odd sizes with subsampled chroma: H.264 and H.265 count their cropping in chroma samples
    (H.264, 7.4.2.1.1), so such a picture could only be held with a column or line more than the source has.
    """
    source, library = facts.pixel_format, LIBRARIES[codec]
    # An alpha layer of x265 is a second stream that decoders do not read back.
    offers = [offer for offer in av.Codec(codec, "w").video_formats or [] if not _has_alpha(offer)]
    names = [offer.name for offer in offers]
    chosen = source if source in names else _nearest(codec, source, names)
    size = scaled_size(facts, height)
    if not library.odd_sizes and _odd(chosen, *size):
        raise Unsupported(
            f"{size[0]}x{size[1]} in {chosen}: {codec} cannot hold an odd size with subsampled chroma; "
            "choose a target height, or pad the source to even sizes first",
            rule="odd-size",
        )
    if min(size) < library.smallest:
        raise Unsupported(
            f"{size[0]}x{size[1]}: {codec} takes no picture below {library.smallest}x{library.smallest}",
            rule="small-picture",
        )
    located = facts.chroma_location if facts.chroma_location in library.chroma_locations else None
    # Fields are coded in groups of four lines: H.264 counts an interlaced picture's cropping in them.
    fields = facts.interlaced and library.interlaced and size[1] % 4 == 0
    order = _SHOWN_FIRST.get(facts.field_order, 0) if facts.interlaced else 0
    losses = _losses(codec, source, chosen)
    if facts.chroma_location and not located and _subsampled(chosen):
        losses += (f"{codec} cannot say that chroma lies {facts.chroma_location}",)
    if facts.interlaced and not fields:
        losses += (f"{codec} codes whole pictures only: the order of fields stands in the container alone",)
    return Target(chosen, _colour(facts, chosen), *size, located, order, fields, losses)


def scaled_size(facts: Facts, height: int | None) -> tuple[int, int]:
    """Give the result's width and height: the source's, or `height` lines and the nearest even width.

    The sample aspect ratio stays, so that the shown picture's shape is off by less than a column. Raises
    `Unsupported` for interlaced sources.
    """
    if height is None or height == facts.height:
        return facts.width, facts.height
    if facts.interlaced:
        raise Unsupported(
            f"the source is interlaced and cannot be scaled from {facts.height} to {height} lines: "
            "its two fields would be mixed",
            rule="interlaced-scaling",
        )
    return max(2, 2 * round(facts.width * height / (2 * facts.height))), height


def _colour(facts: Facts, chosen: str) -> tuple[int, int, int, int]:
    primaries, transfer, matrix, range_ = facts.colour
    if facts.pixel_format.startswith("yuvj"):
        range_ = FULL
    if av.VideoFormat(chosen).is_rgb:
        matrix, range_ = GBR, FULL
    elif av.VideoFormat(facts.pixel_format).is_rgb:
        matrix, range_ = yuv_matrix(facts.colour, facts.height), LIMITED
    return primaries, transfer, matrix, range_


def _nearest(codec: str, source: str, names: list[str]) -> str:
    # The full-range twins differ in name only; their range becomes a tag.
    twin = source.replace("yuvj", "yuv")
    if twin in names:
        return twin
    chosen, _ = find_best_pix_fmt_of_list(names, source, False)
    if chosen is None:
        raise Unsupported(f"{codec} takes no pixel format near {source}", rule="no-pixel-format")
    return chosen.name


def _losses(codec: str, source: str, chosen: str) -> tuple[str, ...]:
    if source.replace("yuvj", "yuv") == chosen.replace("yuvj", "yuv"):
        return ()
    before, after = av.VideoFormat(source), av.VideoFormat(chosen)
    losses = [f"{codec} does not take {source}: frames are converted to {chosen}"]
    if _has_alpha(before) and not _has_alpha(after):
        losses.append("the alpha channel is dropped")
    if after.components[0].bits < before.components[0].bits:
        losses.append(f"bit depth falls from {before.components[0].bits} to {after.components[0].bits}")
    return tuple(losses)


def _has_alpha(form: av.VideoFormat) -> bool:
    return any(component.is_alpha for component in form.components)


def _subsampled(name: str) -> bool:
    return av.VideoFormat(name, 16, 16).chroma_width(16) < 16


def _odd(name: str, width: int, height: int) -> bool:
    form = av.VideoFormat(name, 16, 16)
    across = form.chroma_width(16) < 16
    down = form.chroma_height(16) < 16
    return bool((across and width % 2) or (down and height % 2))
