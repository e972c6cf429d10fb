"""Frames as arrays and back: nothing shifts, and nothing is mixed."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from av.video.frame import VideoFrame

from media_ops.frame import Format, Luma, Planes, Rgb
from media_ops.frames.arrays import Pictures
from media_ops.frames.checked import check_picture
from media_ops.frames.filmed import film as describe
from tests.everyday import ordinarily
from tests.media.pictures import (
    INSIDE,
    TAGS,
    MakeFilm,
    facts_of,
    filled,
    frames_of,
    planes_of,
    recipe,
    same,
    same_planes,
)


@pytest.mark.parametrize(
    ("matrix", "full", "pixel_format"),
    ordinarily(
        product(TAGS, [False, True], ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le"]),
        *product(TAGS, [False], ["yuv420p"]),
        *product(["bt709"], [False, True], ["yuv420p10le", "yuv444p"]),
        ("bt2020", True, "yuv422p10le"),
        ("bt601", True, "yuv422p"),
    ),
)
def test_identity_through_rgb_does_not_shift_colour(
    film: MakeFilm, pixel_format: str, matrix: str, full: bool
) -> None:
    clip = film(f"{pixel_format}-{matrix}-{full}.mkv", *recipe(pixel_format, matrix, full))
    source = frames_of(clip)[1]
    facts = facts_of(source)
    assert facts.colour == (1, 1, TAGS[matrix][1], 2 if full else 1)
    for form in (Rgb(), Rgb(8), Rgb(16)):
        pictures = Pictures(facts, form)
        assert pictures.facts == facts
        working = pictures.working(source)
        assert working is source
        rgb = pictures.picture(working)
        back = pictures.to_frame(rgb.copy(), working)
        assert same(source, back)
        assert facts_of(back) == facts
        # From black, everything is converted and nothing comes from the source.
        depth = source.format.components[0].bits
        black = filled(source, [0 if full else 16 << (depth - 8), *[1 << (depth - 1)] * 2])
        made = pictures.to_frame(rgb, black)
        for was, now in zip(planes_of(source), planes_of(made), strict=True):
            error = (now.astype(float) - was) / (1 << (depth - 8))
            assert abs(error.mean()) < 0.1
            assert 10 * np.log10(255**2 / max(np.mean(error**2), 1e-9)) > 55


@pytest.mark.parametrize(("matrix", "full"), list(product(TAGS, [False, True])))
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p10le"])
def test_rgb_is_what_the_colours_mean(film: MakeFilm, pixel_format: str, matrix: str, full: bool) -> None:
    colour = red, green, blue = 200, 90, 40
    clip = film(
        f"flat-{pixel_format}-{matrix}-{full}.mkv",
        *recipe(pixel_format, matrix, full, source=f"color=0x{red:02x}{green:02x}{blue:02x}:s={{size}},format=gbrp"),
    )
    source = frames_of(clip)[0]
    for form, unit in ((Rgb(8), 1), (Rgb(16), 257)):
        pictures = Pictures(facts_of(source), form)
        rgb = pictures.picture(source)
        assert np.abs(rgb / unit - colour).max() <= 1.5
        twice = pictures.picture(pictures.to_frame(np.full_like(rgb, 128 * unit), source))
        assert np.abs(twice / unit - 128).max() <= 1


def test_eight_bits_of_rgb_keep_ten_bits_of_video(film: MakeFilm) -> None:
    source = frames_of(film("deep.mkv", *recipe("yuv420p10le")))[0]
    pictures = Pictures(facts_of(source), Rgb(8))
    rgb = pictures.picture(source)
    assert rgb.dtype == np.uint8
    brighter = planes_of(pictures.to_frame(rgb + np.uint8(1), source))
    change = brighter[0].astype(int) - planes_of(source)[0]
    assert set(np.unique(change)) == {3}  # 876 / 255
    assert all(np.array_equal(a, b) for a, b in zip(brighter[1:], planes_of(source)[1:], strict=True))


def test_only_the_neighbourhood_of_a_change_changes(film: MakeFilm) -> None:
    source = frames_of(film("large.mkv", *recipe("yuv420p", size="640x480")))[0]
    pictures = Pictures(facts_of(source), Rgb())
    changed = pictures.picture(source).copy()
    changed[200:240, 300:340] = 255
    before, after = planes_of(source), planes_of(pictures.to_frame(changed, source))
    assert np.array_equal(np.argwhere(before[0] != after[0]).min(0), (200, 300))
    for was, now in zip(before[1:], after[1:], strict=True):
        rows, columns = np.nonzero(was != now)
        assert 99 <= rows.min() <= rows.max() <= 120
        assert 149 <= columns.min() <= columns.max() <= 170
    assert (after[0][200:240, 300:340] >= 234).all()


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p10le"])
def test_what_rgb_cannot_show_does_not_shine_through(pixel_format: str, value: int) -> None:
    """Noise over all code values: most of these colours are none of RGB."""
    source = VideoFrame(64, 48, pixel_format)
    depth = source.format.components[0].bits
    chance = np.random.default_rng(1)
    for plane in source.planes:
        kind = np.uint8 if depth == 8 else np.uint16
        count = plane.buffer_size // np.dtype(kind).itemsize
        plane.update(chance.integers(0, 1 << depth, count).astype(kind).tobytes())
    pictures = Pictures(facts_of(source, colour=(1, 1, 1, 1)), Rgb(8))
    rgb = pictures.picture(source)
    assert same(source, pictures.to_frame(rgb.copy(), source))
    flat = rgb.copy()
    far = np.abs(rgb[10:40, 10:50].astype(int) - value).min(2) >= 80
    flat[10:40, 10:50][far] = value
    luma = planes_of(pictures.to_frame(flat, source))[0][10:40, 10:50] / (1 << (depth - 8))
    assert np.abs(luma[far] - (16 + 219 * value / 255)).max() <= 1


@pytest.mark.parametrize(
    ("size", "pixel_format"), list(product(["161x91", "7x5", "2x2", "1x1"], ["yuv420p", "yuv422p"]))
)
def test_odd_sizes(film: MakeFilm, size: str, pixel_format: str) -> None:
    source = frames_of(
        film(f"{size}-{pixel_format}.mkv", *recipe(pixel_format, source=f"{INSIDE},scale={size}:flags=area"))
    )[0]
    for form in (Rgb(), Luma(), Planes()):
        pictures = Pictures(facts_of(source), form)
        picture = pictures.picture(source)
        check_picture(picture, form, describe(pictures.facts, 2, Fraction(1)), (source.width, source.height))
        assert same(source, pictures.to_frame(picture, source))
    pictures = Pictures(facts_of(source), Rgb())
    flat = planes_of(pictures.to_frame(np.full_like(pictures.picture(source), 128), source))
    for plane, value in zip(flat, (126, 128, 128), strict=True):
        assert np.abs(plane.astype(int) - value).max() <= 2


@pytest.mark.parametrize("form", [Planes(), Luma()])
def test_planes_are_views_that_outlive_their_frame(film: MakeFilm, form: Format) -> None:
    source = frames_of(film("yuv420p-bt709-False.mkv", *recipe("yuv420p")))[0]
    expected = [plane.copy() for plane in planes_of(source)]
    pictures = Pictures(facts_of(source), form)
    picture = pictures.picture(source)
    seen = list(picture) if isinstance(form, Planes) else [picture]
    assert seen[0].ctypes.data == source.planes[0].buffer_ptr
    with pytest.raises(ValueError, match="read-only"):
        seen[0][0, 0] = 1
    with pytest.raises(ValueError, match="cannot set WRITEABLE"):
        seen[0].flags.writeable = True
    changed = [255 - plane for plane in seen]
    made = pictures.to_frame(tuple(changed) if isinstance(form, Planes) else changed[0], source)
    assert same_planes(planes_of(source), expected)
    assert same_planes(planes_of(made), [*changed, *expected[len(changed) :]])
    del source, made
    assert same_planes(seen, expected[: len(seen)])


@pytest.mark.parametrize("form", [Rgb(), Luma(), Planes()])
def test_alpha_passes_by(film: MakeFilm, form: Format) -> None:
    chain = "mandelbrot=s=64x48:r=25,format=yuva420p,geq=lum='p(X,Y)':cb='p(X,Y)':cr='p(X,Y)':a='4*X'"
    source = frames_of(film("alpha.mkv", "-f", "lavfi", "-i", chain, "-frames:v", "1", "-c:v", "ffv1"))[0]
    pictures = Pictures(facts_of(source), form)
    picture = pictures.picture(source)
    other = tuple(255 - p for p in picture) if isinstance(form, Planes) else 255 - picture
    made = pictures.to_frame(other, source)
    assert not np.array_equal(planes_of(made)[0], planes_of(source)[0])
    assert np.array_equal(planes_of(made)[3], planes_of(source)[3])


@pytest.mark.parametrize("pixel_format", ["gray", "gray10le"])
def test_grey_stays_grey(film: MakeFilm, pixel_format: str) -> None:
    source = frames_of(film(f"{pixel_format}.mkv", *recipe(pixel_format)))[0]
    source.color_range = 0
    facts = facts_of(source)
    for form in (Rgb(), Planes(), Luma()):
        pictures = Pictures(facts, form)
        picture = pictures.picture(source)
        what = describe(pictures.facts, 2, Fraction(1))
        assert (what.planes, what.subsampling) == (1, (1, 1))
        check_picture(picture, form, what, (160, 90))
        back = pictures.to_frame(picture, source)
        assert same(source, back)
        assert facts_of(back) == facts
    rgb = Pictures(facts, Rgb(8)).picture(source)
    assert np.array_equal(rgb[..., 0], rgb[..., 2])


def test_the_size_may_change(film: MakeFilm) -> None:
    chain = "mandelbrot=s=160x90:r=25,format=yuva420p"
    source = frames_of(film("size.mkv", "-f", "lavfi", "-i", chain, "-frames:v", "1", "-c:v", "ffv1"))[0]
    facts = facts_of(source)
    for form in (Rgb(), Planes(), Luma()):
        pictures = Pictures(facts, form)
        picture = pictures.picture(source)
        small = tuple(p[::2, ::2] for p in picture) if isinstance(form, Planes) else picture[::2, ::2]
        made = pictures.to_frame(small, source)
        assert (made.width, made.height, made.format.name) == (80, 45, "yuva420p")
        again = pictures.picture(made)
        if isinstance(form, Planes):
            assert same_planes(again, small)
        elif isinstance(form, Luma):
            assert np.array_equal(again, small)
            assert abs(planes_of(made)[1].mean() - planes_of(source)[1].mean()) < 0.5
        else:
            assert abs(np.mean(again) - np.mean(small)) < 1
        assert (planes_of(made)[3] == 255).all()


def test_nothing_depends_on_earlier_frames(film: MakeFilm) -> None:
    clip = film("yuv420p-bt709-False.mkv", *recipe("yuv420p"))
    one, other = frames_of(clip)
    busy, fresh = Pictures(facts_of(one), Rgb()), Pictures(facts_of(one), Rgb())
    for frame in (one, other, one):
        rgb = busy.picture(frame)
        busy.to_frame(rgb // 2, frame)
    assert np.array_equal(busy.picture(other), fresh.picture(other))
    assert same(busy.to_frame(busy.picture(other) // 2, other), fresh.to_frame(fresh.picture(other) // 2, other))
    # What was given need not be alive any more.
    late = Pictures(facts_of(one), Rgb())
    assert same(late.to_frame(fresh.picture(other) // 2, other), fresh.to_frame(fresh.picture(other) // 2, other))
