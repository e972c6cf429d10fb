"""Logos of every kind of pixel, edges without fringes, and letters that are really drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fontTools.ttLib import TTCollection
from PIL import Image, ImageCms, ImageDraw

from media_ops.drawing.colour import pq
from media_ops.drawing.logo import open_logo, scaled
from media_ops.drawing.text import Letters
from tests.algorithms.marking import FONT, png, saved

# Left half red, right half green, the lower right quarter clear where the kind of pixel has alpha.
PICTURE = Image.new("RGBA", (40, 20), (255, 0, 0, 255))
PICTURE.paste((0, 255, 0, 255), (20, 0, 40, 20))
CLEAR = PICTURE.copy()
CLEAR.paste((0, 0, 255, 0), (20, 10, 40, 20))


def corners(logo: Image.Image) -> list[tuple[int, ...]]:
    right, low = logo.width - 3, logo.height - 3
    return [logo.getpixel(place) for place in ((2, 2), (right, 2), (2, low), (right, low))]  # type: ignore[misc]


RED, GREEN = (255, 0, 0, 255), (0, 255, 0, 255)
PALETTE = CLEAR.quantize(8)
MASKED = PICTURE.convert("RGB")
INDEXED = MASKED.quantize(8)
INDEXED.paste(7, (20, 10, 40, 20))

KINDS: dict[str, tuple[bytes, bool]] = {
    "PNG with alpha": (saved(CLEAR, "PNG"), True),
    "PNG without": (saved(MASKED, "PNG"), False),
    "palette with alpha": (saved(PALETTE, "PNG"), True),
    "palette GIF with alpha": (saved(INDEXED, "GIF", transparency=7), True),
    "WebP with alpha": (saved(CLEAR, "WEBP", lossless=True), True),
    "BMP": (saved(MASKED, "BMP"), False),
    "TIFF with alpha": (saved(CLEAR, "TIFF", compression="tiff_lzw"), True),
    "CMYK TIFF": (saved(MASKED.convert("CMYK"), "TIFF"), False),
    "CMYK JPEG": (saved(MASKED.convert("CMYK"), "JPEG", quality=100, subsampling=0), False),
    "JPEG": (saved(MASKED, "JPEG", quality=100, subsampling=0), False),
}


@pytest.mark.parametrize("kind", KINDS)
def test_logos_of_every_kind(kind: str) -> None:
    data, alpha = KINDS[kind]
    found = corners(open_logo(data))
    for pixel, wanted in zip(found[:3], (RED, GREEN, RED), strict=True):
        assert np.abs(np.subtract(pixel, wanted)).max() <= (3 if "JPEG" in kind else 0)
    assert found[3][3] == (0 if alpha else 255)


def test_a_colour_that_stands_for_clear() -> None:
    data = saved(MASKED, "PNG", transparency=(0, 255, 0))
    assert [pixel[3] for pixel in corners(open_logo(data))] == [255, 0, 255, 0]


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_grey_of_16_bits_keeps_its_shades(form: str) -> None:
    ramp = np.arange(256, dtype=np.uint16)[None].repeat(8, 0) * 257
    logo = np.asarray(open_logo(saved(Image.fromarray(ramp), form)))
    assert (logo[0, :, 0] == np.arange(256)).all()
    assert (logo[0, :, 3] == 255).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA"])
def test_grey(mode: str) -> None:
    logo = open_logo(saved(Image.new("L", (9, 9), 255).convert(mode), "PNG"))
    assert logo.getpixel((4, 4)) == (255, 255, 255, 255)


@pytest.mark.parametrize("turn", range(1, 9))
def test_photographs_that_say_how_they_are_held(turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    back: dict[int, Any] = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    held = CLEAR.transpose(back[turn]) if turn in back else CLEAR
    logo = open_logo(saved(held, "PNG", exif=exif))
    assert logo.size == CLEAR.size
    assert [pixel[3] for pixel in corners(logo)] == [255, 255, 255, 0]


def test_a_photograph_with_a_preview_behind_it_is_its_first_picture() -> None:
    small = Image.new("RGB", (8, 8), "blue")
    data = saved(MASKED, "MPO", save_all=True, append_images=[small], quality=100)
    logo = open_logo(data)
    assert logo.size == MASKED.size


def test_colours_of_another_space_become_srgb() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    assert open_logo(saved(MASKED, "PNG", icc_profile=profile.tobytes())).getpixel((2, 2)) == RED, (
        "one that cannot be"
    )
    # sRGB with red and blue changed over, as a profile.
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = data.index(b"rXYZ"), data.index(b"bXYZ")
    data[red : red + 4], data[blue : blue + 4] = b"bXYZ", b"rXYZ"
    swapped = open_logo(saved(MASKED, "PNG", icc_profile=bytes(data))).getpixel((2, 2))
    assert np.abs(np.subtract(swapped, (0, 0, 255, 255))).max() <= 2  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(400, 300), (4000, 3000), (50, 40)])
def test_edges_do_not_take_the_colour_of_what_is_clear(size: tuple[int, int]) -> None:
    image = Image.new("RGBA", size, (0, 255, 0, 0))
    ImageDraw.Draw(image).ellipse(
        (size[0] // 10, size[1] // 10, size[0] * 9 // 10, size[1] * 9 // 10), (255, 0, 0, 255)
    )
    for width, height in ((80, 60), (133, 71), (500, 400)):
        pixels = scaled(image, width, height)
        assert pixels.shape == (height, width, 4)
        assert pixels[..., 1].max() == 0, "no green, however it is scaled"
        assert np.abs(pixels[..., 0] - pixels[..., 3]).max() < 0.005
        assert pixels.min() >= 0
        assert pixels.max() <= 1
        assert pixels[height // 2, width // 2, 3] == 1


def test_reduction_averages_all_pixels() -> None:
    ramp = np.zeros((1200, 1200, 4), np.uint8)
    ramp[..., 3] = 255
    ramp[::2, ::2, :3] = 200
    pixels = scaled(Image.fromarray(ramp), 37, 41)
    assert np.abs(pixels[..., 0] - 50 / 255).max() < 0.004


def letters(text: str, em: int = 64, font: bytes = FONT, **how: Any) -> Any:
    return Letters(text, font, em, (1.0, 1.0, 1.0), how.pop("edged", False), **how)


def test_chinese_letters_are_their_outlines() -> None:
    """Compare what is drawn with the area of the font's own outlines: a blank box has another."""
    import io

    from fontTools.pens.areaPen import AreaPen

    font = TTCollection(io.BytesIO(FONT)).fonts[0]
    glyphs, cmap, unit = font.getGlyphSet(), font.getBestCmap(), font["head"].unitsPerEm
    em = 400
    seen = set()
    for character in "水印中文字幕一口田":
        pen = AreaPen(glyphs)
        glyphs[cmap[ord(character)]].draw(pen)
        drawn = float(letters(character, em).draw()[..., 3].sum())
        assert drawn == pytest.approx(abs(pen.value) * (em / unit) ** 2, rel=0.12), character
        seen.add(round(drawn))
    assert len(seen) == 9


def test_each_line_stands_below_the_one_before() -> None:
    one, three = letters("字"), letters("字\n\n字")
    assert three.height == one.height + 2 * one.line_height
    ink = three.draw()[..., 3].any(axis=1)
    assert ink[: one.height].any()
    assert not ink[one.height : 2 * one.line_height].any()


def test_pixels_end_where_they_were_said_to() -> None:
    for edged in (False, True):
        for text in ("j水Åg", "f", "'", "WAVE\nj\n字字"):
            these = letters(text, edged=edged)
            ink = these.draw()[..., 3]
            assert ink.shape == (these.height, these.width)
            free = Letters(f" {text} ", FONT, 64, (1.0, 1.0, 1.0), edged).draw()[..., 3]
            assert ink.sum() == pytest.approx(free.sum(), rel=0.02 if "\n" in text else 0.002), "nothing is cut off"


@pytest.mark.parametrize(("align", "shares"), [("left", (0, 1)), ("center", (0.5, 0.5)), ("right", (1, 0))])
def test_lines_are_aligned(align: Any, shares: tuple[float, float]) -> None:
    these = letters("字字字字\n字", align=align)
    rows = these.draw()[these.line_height :, :, 3].any(axis=0)
    left, right = np.argmax(rows), np.argmax(rows[::-1])
    free = left + right
    assert (left, right) == pytest.approx((free * shares[0], free * shares[1]), abs=5)  # what the letter keeps free


ARABIC = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")


@pytest.mark.skipif(not ARABIC.exists(), reason="no font with Arabic here: apt-get install fonts-dejavu-core")
def test_right_to_left_scripts_are_joined_and_turned() -> None:
    font = ARABIC.read_bytes()
    word = letters("سلام", font=font).draw()[..., 3]
    alone = sum(letters(letter, font=font).width for letter in "سلام")
    assert word.shape[1] < alone * 0.9, "letters take their joined forms"
    mixed = letters("abc שלום", font=font).draw()[..., 3]
    turned = letters("abc \u202dםולש", font=font).draw()[..., 3]
    assert np.array_equal(mixed, turned)


def test_the_edge_is_dark_around_light_letters_and_light_around_dark_ones() -> None:
    for color, edge in (((1.0, 1.0, 0.0), 0.0), ((0.1, 0.0, 0.3), 1.0)):
        drawn = Letters("水", FONT, 100, color, True).draw()
        ink = Letters("水", FONT, 100, color, False).draw()
        assert drawn[..., 3].sum() > 1.2 * ink[..., 3].sum()
        solid = drawn[..., 3] == 1
        assert {tuple(pixel[:3].round(2).tolist()) for pixel in drawn[solid].astype(float)} >= {(edge,) * 3, color}


def test_pq_at_the_points_of_the_standard() -> None:
    assert pq([0, 10000]) == pytest.approx([0, 1], abs=1e-6)
    assert pq([100, 203, 1000]) == pytest.approx([0.5081, 0.5807, 0.7518], abs=1e-4)


def test_a_logo_of_one_pixel_fills_its_box() -> None:
    assert (scaled(open_logo(png((1, 1))), 40, 40) == 1).all()
