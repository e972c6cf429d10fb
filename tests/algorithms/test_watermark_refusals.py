"""What cannot be drawn is refused before any computing, naming the parameter."""

from __future__ import annotations

import io
import re
import struct
import zlib
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib import TTFont
from PIL import Image

from media_ops.algorithms.watermark import Watermark
from media_ops.errors import ParamsInvalid, ToolMissing, Unsupported
from tests.algorithms.marking import FONT, film, marked, noise, png, ready, saved
from tests.everyday import ordinarily


def refused(parameter: str, reason: str, **given: Any) -> None:
    """Try a film of 160x120 and 4 s."""
    start = re.escape(f"watermark: parameter {parameter}: ")
    algorithm, this = ready(film(), **given)
    with pytest.raises(ParamsInvalid, match=f"^{start}.*{reason}"):
        algorithm.check(this)


@pytest.mark.parametrize(
    ("params", "parameter", "reason"),
    [
        ({}, "text", "give a text, a logo"),
        ({"text": ""}, "text", "give a text, a logo"),
        ({"text": " \n\t "}, "text", "blank"),
        ({"text": "字" * 10000}, "text", "at most 1000"),
        ({"text": "a\0b"}, "text", r"U\+0000"),
        ({"text": "a\x1b[31m"}, "text", r"U\+001B"),
        ({"text": "\ud800"}, "text", ""),
        ({"text": "a", "position": "nowhere"}, "position", "pattern"),
        ({"text": "a", "position": "-1,5"}, "position", "pattern"),
        ({"text": "a", "position": "1,2,3"}, "position", "pattern"),
        ({"text": "a", "position": "1,2\n"}, "position", "pattern"),
        ({"text": "a", "color": "red"}, "color", "pattern"),
        ({"text": "a", "opacity": 1.1}, "opacity", "less than or equal"),
        ({"text": "a", "opacity": 0}, "opacity", "greater than 0"),
        ({"text": "a", "size": 0}, "size", "greater than 0"),
        ({"text": "a", "size": float("nan")}, "size", ""),
        ({"text": "a", "start": float("inf")}, "start", ""),
        ({"text": "a", "start": 2, "end": 2}, "end", "later than start"),
        ({"text": "a", "start": 3, "end": 2}, "end", "later than start"),
        ({"text": "a", "start": -1}, "start", "greater than or equal"),
        ({"text": "a", "colour": "#ffffff"}, "colour", "no such parameter"),
    ],
)
def test_by_the_parameters_alone(params: dict[str, Any], parameter: str, reason: str) -> None:
    start = re.escape(f"watermark: parameter {parameter}: ")
    with pytest.raises(ParamsInvalid, match=f"^{start}.*{reason}"):
        Watermark.from_params(params)


def test_places_outside_the_picture() -> None:
    refused("position", "do not lie inside the picture of 160x120", image=png(), position="159,0")
    refused("position", "from 99999,0 on", image=png(), position="99999,0")
    refused("position", "from 0,81 on, 40x40", image=png(), position="0,81", size=100 / 3)
    refused("position", "from 121,0 on, 40x40", image=png(), position="121,0", size=100 / 3)
    algorithm, this = ready(film(), png(), position="120,80", size=100 / 3)
    algorithm.check(this)


def test_more_than_the_picture_holds() -> None:
    refused("text", "would take .* pixels, and the picture has 160x120", text="a" * 400)
    refused("text", "would take", text="a\n" * 400 + "b")
    refused("text", "would take", text="字字字", size=100)
    refused("size", "4000x100 pixels", image=png((400, 10)), size=100 * 100 / 120)
    refused("size", "would take", image=png(), text="beside it", size=40)
    algorithm, this = ready(film(), png((160, 120)), size=100)
    algorithm.check(this)


def test_sizes_count_in_the_picture_as_shown() -> None:
    algorithm, this = ready(film(160, 120, rotation=90), png((160, 120)), size=56.25)
    algorithm.check(this)  # 120x90 on a picture that is shown 120x160
    algorithm, this = ready(film(160, 120, rotation=90), png((160, 120)), size=100)
    with pytest.raises(ParamsInvalid, match="picture has 120x160"):
        algorithm.check(this)


def test_a_time_range_behind_the_end() -> None:
    refused("start", "the film ends at 4 s", text="a", start=4)
    algorithm, this = ready(film(), text="a", start=3.9, end=100)
    algorithm.check(this)


def header_of_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


def moving(form: str) -> bytes:
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "blue", "green")]
    return saved(frames[0], form, save_all=True, append_images=frames[1:], duration=100)


NOT_LOGOS = {
    "nothing": (b"", "no image that can be read"),
    "text": (b"hello, I am no picture", "no image that can be read"),
    "SVG": (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG drawing.*PNG"),
    "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "no image that can be read"),
    "PPM": (b"P6 2 2 255\n" + bytes(12), "no image that can be read"),
    "100 megapixels": (header_of_png(10000, 10000), "10000x10000 is more than 50 megapixels"),
    "200 megapixels": (header_of_png(20000, 10000), "more than 50 megapixels"),
    "just too large": (header_of_png(50_000_001, 1), "more than 50 megapixels"),
    "too many bytes": (bytes(64 * 2**20 + 1), "more than 64 MB"),
    "truncated": (png((300, 300))[:200], "cannot be decoded"),
    "truncated JPEG": (saved(Image.effect_noise((200, 200), 90), "JPEG")[:3000], "cannot be decoded.*truncated"),
    "damaged": (png()[:60] + b"\xff" * 8 + png()[68:], "cannot be decoded"),
    "GIF that moves": (moving("GIF"), "several pictures, or moves"),
    "WebP that moves": (moving("WEBP"), "several pictures, or moves"),
    "PNG that moves": (moving("PNG"), "several pictures, or moves"),
    "pages": (moving("TIFF"), "several pictures, or moves"),
    "floating point": (saved(Image.new("F", (9, 9)), "TIFF"), "neither grey nor colours"),
    "nothing visible": (png(color=(255, 255, 255, 0)), "nothing of it can be seen"),
}


@pytest.mark.parametrize("kind", NOT_LOGOS)
def test_images_that_are_no_logo(kind: str) -> None:
    data, reason = NOT_LOGOS[kind]
    refused("image", reason, image=data, size=10)


def font_of(characters: str, *, drawn: bool = True) -> bytes:
    """Make a font that knows a few characters; without outlines unless `drawn`."""
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    names = [".notdef", *(f"u{ord(character):04X}" for character in characters)]
    pen = TTGlyphPen(None)
    for number, point in enumerate(((0, 0), (0, 700), (500, 700), (500, 0))):
        (pen.lineTo if number else pen.moveTo)(point)
    pen.closePath()
    box, empty = pen.glyph(), TTGlyphPen(None).glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap(dict(zip(map(ord, characters), names[1:], strict=True)))
    builder.setupGlyf({name: box if drawn else empty for name in names})
    builder.setupHorizontalMetrics({name: (600, 0) for name in names})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Few", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    out = io.BytesIO()
    builder.save(out)
    return out.getvalue()


def endless_font() -> bytes:
    """Say in sixteen bytes that there are 2^32 characters."""
    font = TTFont(io.BytesIO(font_of("ab")))
    table = struct.pack(">HHIIIIII", 12, 0, 28, 0, 1, 0, 0xFFFFFFFF, 1)
    head = struct.pack(">HHHHI", 0, 1, 3, 10, 12)
    out = io.BytesIO()
    from fontTools.ttLib.tables.DefaultTable import DefaultTable

    raw = DefaultTable("cmap")
    raw.data = head + table
    font["cmap"] = raw
    font.save(out)
    return out.getvalue()


def test_fonts_without_the_glyphs() -> None:
    refused("font", r"no glyph for '字' \(U\+5B57\); name a font", text="ab字a字", font=font_of("ab"))
    refused("font", r"'a' \(U\+0061\), .*'h' \(U\+0068\) and 2 more;", text="abcdefghij", font=font_of("z"))
    refused("font", r"'😀' \(U\+1F600\)", text="smile 😀")
    refused("font", r"U\+0E01", text="กขค")
    refused("font", r"U\+E000", text="\ue000")
    algorithm, this = ready(film(), text="ba\nab", font=font_of("ab"))
    algorithm.check(this)


def test_glyphs_that_draw_nothing() -> None:
    refused("text", "nothing of it can be seen", text="ab", font=font_of("ab", drawn=False), outline=False)


def test_letters_may_be_put_together_and_format_characters_need_no_glyph() -> None:
    algorithm, this = ready(film(), text="Ǻ\u200d\u200f é e\u0301", size=10)
    algorithm.check(this)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no font can be read"),
        (b"hello, I am no font", "no font can be read"),
        (FONT[:1000], "no font can be read|cannot be read"),
        (FONT[: len(FONT) // 2], "font can be read|cannot be read|no glyph|nothing of it"),
        (FONT[:12] + bytes(2**16), "no font can be read|cannot be read"),
        (bytes(64 * 2**20 + 1), "more than 64 MB"),
        (png(), "no font can be read"),
        (endless_font(), "damaged|no font can be read"),
    ],
    ids=["nothing", "text", "first kilobyte", "half", "zeros", "too large", "image", "endless"],
)
def test_files_that_are_no_font(data: bytes, reason: str) -> None:
    refused("font", reason, text="水印 a", font=data)


def test_a_machine_without_the_default_font_is_told_how_to_get_it() -> None:
    algorithm, this = ready(film(), text="a", font=None)
    with pytest.raises(ToolMissing, match=r"parameter font: .*wqy-microhei.ttc.*make setup"):
        algorithm.check(this)
    algorithm, this = ready(film(), png())
    algorithm.check(this)


@pytest.mark.parametrize(
    "facts", [{"matrix": "ictcp", "transfer": "smpte2084"}, {"matrix": "bt2020c"}, {"transfer": "linear"}]
)
def test_films_without_a_colour_for_graphics(facts: dict[str, Any]) -> None:
    algorithm, this = ready(film(**facts), png())
    with pytest.raises(Unsupported) as caught:
        algorithm.check(this)
    assert caught.value.rule == "graphics-colour"


@pytest.mark.parametrize(
    "text",
    ordinarily(
        ["%{pts}", "'; drawtext=x", "a\\nb", '"quoted"', "$(id) `id`", "[in]split[a][b]", "a:b=c,d"],
        "%{pts}",
        "a\\nb",
    ),
)
def test_syntax_of_filters_and_shells_is_drawn_as_it_is(text: str) -> None:
    this = film(320, 180)
    source = noise(this)
    whole = marked(this, source, text=text, position="0,0", opacity=1)[0]
    shorter = marked(this, source, text=text[:-1], position="0,0", opacity=1)[0]
    assert (whole != shorter).any()
    columns = [np.nonzero((luma != source[0]).any(axis=0))[0].max() for luma in (whole, shorter)]
    assert columns[0] > columns[1]


def test_newlines_of_all_systems_are_lines_and_tabs_are_blanks() -> None:
    this = film(320, 180)
    source = noise(this)
    first = marked(this, source, text="a\nb    c")[0]
    for text in ("a\r\nb\tc", "a\rb    c", "a\u2028b    c", "\na\nb    c\n"):
        assert (marked(this, source, text=text)[0] == first).all()
    assert (marked(this, source, text="a b    c")[0] != first).any()


def test_durations_are_compared_exactly() -> None:
    algorithm, this = ready(film(duration=Fraction(1, 10)), text="a", start=0.1)
    with pytest.raises(ParamsInvalid, match="parameter start"):
        algorithm.check(this)
    algorithm, this = ready(film(duration=Fraction(1, 10) + Fraction(1, 10**9)), text="a", start=0.1)
    algorithm.check(this)
