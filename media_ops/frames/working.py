"""The pixel format in which algorithms work on a film: its own where that is planar, else the nearest planar one."""

from __future__ import annotations

import re
from dataclasses import replace

from av.video.format import VideoFormat

from media_ops.errors import Unsupported
from media_ops.frame import Format, Rgb
from media_ops.frames.colour import FULL, GBR, LIMITED, yuv_matrix
from media_ops.frames.index import Facts

_PLANAR = re.compile(r"(yuv[aj]?4(10|11|20|22|40|44)p|gray|ya8|(yuva?4(20|22|40|44)p|gray)(9|10|12|14|16)le|ya16le)")
_BLACK_AND_WHITE = ("monow", "monob")
# Twins hold the same code values in planes; "{}" is the depth where formats differ in nothing else.
_TWINS = {
    r"nv12|nv21": "yuv420p",
    r"nv16|yuyv422|uyvy422|yvyu422": "yuv422p",
    r"nv24|nv42|vuyx|vyu444": "yuv444p",
    r"uyyvyy411": "yuv411p",
    r"ayuv|vuya|uyva": "yuva444p",
    r"nv20[lb]e": "yuv422p10le",
    r"p0(10|12|16)[lb]e": "yuv420p{}le",
    r"[py]2(10|12|16)[lb]e": "yuv422p{}le",
    r"p4(10|12|16)[lb]e": "yuv444p{}le",
    r"(?:xv|v)3(0)x?[lb]e": "yuv444p10le",
    r"xv(36)[lb]e": "yuv444p12le",
    r"xv(48)[lb]e": "yuv444p16le",
    r"ayuv64[lb]e": "yuva444p16le",
    r"yuv444p(10|12)msb[lb]e": "yuv444p{}le",
}
# Numbers beyond 16 bits or with a fraction, mosaics of a sensor, another colour space.
_REFUSED = re.compile(r".*f(16|32)[lb]e|.*(32|96|128)[lb]e|bayer_.*|xyz.*")


def working_facts(facts: Facts, form: Format) -> Facts:
    """Give the facts of the frames that algorithms are to work on.

    RGB stays RGB, in planes, for those that ask for RGB, and becomes YUV without subsampling for others. Raises
    `Unsupported` where no planar format holds what the source does.
    """
    source = facts.pixel_format
    if _PLANAR.fullmatch(source):
        return facts
    if source in _BLACK_AND_WHITE:
        return replace(facts, pixel_format="gray", colour=(*facts.colour[:3], FULL))
    if twin := _twin(source):
        return replace(facts, pixel_format=twin)
    if not _has_colours(source) or _REFUSED.fullmatch(source):
        raise Unsupported(f"algorithms cannot work on pictures in {source}", rule="no-pixel-format")
    depth, alpha = _depth(source), _has_alpha(source)
    suffix = f"{depth}le" if depth > 8 else ""
    primaries, transfer = facts.colour[:2]
    if isinstance(form, Rgb):
        name, colour = f"gbr{'a' * alpha}p{suffix}", (primaries, transfer, GBR, FULL)
    else:
        suffix = "16le" if alpha and depth == 14 else suffix
        name = f"yuv{'a' * alpha}444p{suffix}"
        colour = (primaries, transfer, yuv_matrix(facts.colour, facts.height), LIMITED)
    return replace(facts, pixel_format=name, colour=colour, chroma_location=None)


def _twin(source: str) -> str | None:
    if source.endswith("be") and _PLANAR.fullmatch(f"{source[:-2]}le"):
        return f"{source[:-2]}le"
    for pattern, twin in _TWINS.items():
        if found := re.fullmatch(pattern, source):
            return twin.format(*found.groups())
    return None


def _has_colours(source: str) -> bool:
    form = VideoFormat(source, 16, 16)
    return form.is_rgb or form.has_palette


def _depth(source: str) -> int:
    return max(8, *(component.bits for component in VideoFormat(source, 16, 16).components), 8)


def _has_alpha(source: str) -> bool:
    return source == "pal8" or any(component.is_alpha for component in VideoFormat(source, 16, 16).components)
