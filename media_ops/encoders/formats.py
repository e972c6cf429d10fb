"""Choose the pixel format and colour tags of a result: the source's own wherever they can be kept."""

from __future__ import annotations

from dataclasses import dataclass

import av
from av.codec.codec import find_best_pix_fmt_of_list

from media_ops.errors import Unsupported
from media_ops.frames.index import Facts

# ISO/IEC 23091-2 code points.
BT709, SMPTE170M, UNSPECIFIED = 1, 6, 2
LIMITED, FULL = 1, 2


@dataclass(frozen=True)
class Target:
    """What an encoder is given, and what is lost by it, in words for the job's warnings.

    `colour` is primaries, transfer, matrix and range, numbered as in `Facts`.
    """

    pixel_format: str
    colour: tuple[int, int, int, int]
    warnings: tuple[str, ...] = ()


def choose_target(codec: str, facts: Facts) -> Target:
    """Keep bit depth and chroma where the encoder can, else take the nearest with a warning.

    Raises `Unsupported` for odd sizes with subsampled chroma: H.264 and H.265 count their cropping in chroma samples
    (H.264, 7.4.2.1.1), so such a picture could only be held with a column or line more than the source has.
    """
    source, width, height = facts.pixel_format, facts.width, facts.height
    names = [offer.name for offer in av.Codec(codec, "w").video_formats or []]
    chosen = source if source in names else _nearest(codec, source, names)
    if _odd(chosen, width, height):
        raise Unsupported(
            f"{width}x{height} in {chosen}: {codec} cannot hold an odd size with subsampled chroma; "
            "scale or pad the source to even sizes first",
            rule="odd-size",
        )
    return Target(chosen, _colour(facts, chosen), _losses(codec, source, chosen))


def yuv_matrix(colour: tuple[int, int, int, int], height: int) -> int:
    """Matrix to convert with; where the stream is silent or RGB, by picture height, as players guess."""
    return colour[2] if colour[2] not in (0, UNSPECIFIED) else (BT709 if height >= 720 else SMPTE170M)


def _colour(facts: Facts, chosen: str) -> tuple[int, int, int, int]:
    primaries, transfer, matrix, range_ = facts.colour
    if facts.pixel_format.startswith("yuvj"):
        range_ = FULL
    if av.VideoFormat(facts.pixel_format).is_rgb and not av.VideoFormat(chosen).is_rgb:
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


def _odd(name: str, width: int, height: int) -> bool:
    form = av.VideoFormat(name, 16, 16)
    across = form.chroma_width(16) < 16
    down = form.chroma_height(16) < 16
    return bool((across and width % 2) or (down and height % 2))
