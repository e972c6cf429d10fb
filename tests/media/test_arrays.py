"""Frames as arrays and back: nothing shifts, nothing is mixed, and what is no picture is refused."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.filter import Graph
from av.video.format import names  # type: ignore[attr-defined]
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from media_ops.errors import AlgorithmFailed, Unsupported
from media_ops.frame import Film, Format, Luma, Planes, Rgb
from media_ops.frames.arrays import Pictures
from media_ops.frames.checked import check_picture
from media_ops.frames.filmed import film as describe
from media_ops.frames.filmed import turn
from media_ops.frames.index import Facts

MakeFilm = Callable[..., Path]
# Muted, so that all of it can be shown in RGB; a zoom into fine detail.
INSIDE = "mandelbrot=s={size}:r=25,format=gbrp,lutrgb=r=val*0.6+50:g=val*0.6+50:b=val*0.6+50"
TAGS = {"bt601": ("smpte170m", 6), "bt709": ("bt709", 1), "bt2020": ("bt2020nc", 9)}


def recipe(
    pixel_format: str, matrix: str = "bt709", full: bool = False, size: str = "160x90", source: str = INSIDE
) -> list[str]:
    tag, _ = TAGS[matrix]
    out = {"bt2020nc": "bt2020"}.get(tag, tag)
    scale = f"scale=out_color_matrix={out}:out_range={'pc' if full else 'tv'}:flags=accurate_rnd+full_chroma_int"
    chain = f"{source.format(size=size)},{scale},format={pixel_format}"
    tags = ["-colorspace", tag, "-color_range", "pc" if full else "tv", "-color_primaries", "bt709"]
    return ["-f", "lavfi", "-i", chain, "-frames:v", "2", *tags, "-color_trc", "bt709", "-c:v", "ffv1"]


def facts_of(frame: VideoFrame, **changes: Any) -> Facts:
    colour = (int(frame.color_primaries), int(frame.color_trc), int(frame.colorspace), int(frame.color_range))
    known = Facts(
        codec="ffv1",
        container="matroska",
        time_base=Fraction(1, 25),
        rate=Fraction(25),
        width=frame.width,
        height=frame.height,
        pixel_format=frame.format.name,
        colour=colour,
        chroma_location="left",
    )
    return replace(known, **changes)


def frames_of(path: Path) -> list[VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def planes_of(frame: VideoFrame) -> list[NDArray[Any]]:
    kind = np.uint8 if frame.format.components[0].bits == 8 else np.uint16
    found = []
    for plane in frame.planes:
        lines = np.frombuffer(bytes(plane), kind).reshape(plane.height, -1)
        found.append(lines[:, : plane.width])
    return found


def same(a: VideoFrame, b: VideoFrame) -> bool:
    return same_planes(planes_of(a), planes_of(b))


def filled(like: VideoFrame, values: Sequence[int]) -> VideoFrame:
    frame = VideoFrame(like.width, like.height, like.format.name)
    kind = np.uint8 if like.format.components[0].bits == 8 else np.uint16
    for plane, value in zip(frame.planes, values, strict=True):
        plane.update(np.full(plane.buffer_size // np.dtype(kind).itemsize, value, kind).tobytes())
    return frame


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le"])
@pytest.mark.parametrize(("matrix", "full"), list(product(TAGS, [False, True])))
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


@pytest.mark.parametrize("place", ["left", "center", "topleft", "top", "bottomleft", "bottom", None])
def test_every_place_of_chroma_is_undone(film: MakeFilm, place: str | None) -> None:
    source = frames_of(film("yuv420p-bt709-False.mkv", *recipe("yuv420p")))[0]
    pictures = Pictures(facts_of(source, chroma_location=place), Rgb())
    made = pictures.to_frame(pictures.picture(source), filled(source, (16, 128, 128)))
    for was, now in zip(planes_of(source), planes_of(made), strict=True):
        assert 10 * np.log10(255**2 / np.mean((now.astype(float) - was) ** 2)) > 55


@pytest.mark.parametrize(
    ("place", "across", "down"),
    [("left", 0.0, 0.5), ("center", 0.5, 0.5), ("topleft", 0.0, 0.0), ("bottom", 0.5, 1.0), ("bottomleft", 0.0, 1.0)],
)
def test_chroma_lies_where_it_is_said_to(place: str, across: float, down: float) -> None:
    """Blue rises by one step a chroma sample, so it tells how far a pixel is from its chroma."""
    frame = VideoFrame(64, 64, "yuv420p")
    ramp = np.add.outer(2 * np.arange(32), np.arange(32)).astype(np.uint8) + np.uint8(70)
    for plane, content in zip(frame.planes, (np.full((64, 64), 126), ramp, np.full((32, 32), 128)), strict=True):
        lines = np.zeros((plane.height, plane.line_size), np.uint8)
        lines[:, : plane.width] = content
        plane.update(lines.tobytes())
    pictures = Pictures(facts_of(frame, colour=(1, 1, 1, 1), chroma_location=place), Rgb(16))
    blue = pictures.picture(frame)[..., 2].astype(float) / 257
    y, x = np.mgrid[10:50, 10:50]
    expected = (126 - 16) * 255 / 219 + 1.8556 * 255 / 224 * ((x - across) / 2 + (y - down) + 70 - 128)
    assert np.abs(blue[10:50, 10:50] - expected).max() < 0.2


FIELDS = "color=gray:s=64x48:r=50:d=0.4,format=yuv420p,geq=lum=120:cb='if(mod(N,2),200,60)':cr=128"


def fields(film: MakeFilm, order: str) -> VideoFrame:
    filters = f"tinterlace=mode=interleave_{'top' if order == 'tff' else 'bottom'},setfield={order}"
    options = ["-vf", filters, "-c:v", "libx264", "-flags", "+ildct+ilme", "-qp", "0", "-x264-params", f"{order}=1"]
    return frames_of(film(f"{order}.mkv", "-f", "lavfi", "-i", FIELDS, *options))[2]


@pytest.mark.parametrize("order", ["tff", "bff"])
def test_fields_are_two_pictures(film: MakeFilm, order: str) -> None:
    source = fields(film, order)
    assert source.interlaced_frame
    pictures = Pictures(facts_of(source, interlaced=True), Rgb())
    rgb = pictures.picture(source)
    blue = [set(np.unique(rgb[field::2, :, 2])) for field in (0, 1)]
    assert all(len(one) == 1 for one in blue)
    assert blue[0] != blue[1]
    changed = rgb.copy()
    changed[0::2] = 80
    made = planes_of(pictures.to_frame(changed, source))
    was = planes_of(source)
    assert np.array_equal(made[1][1::2], was[1][1::2])
    assert np.abs(made[1][0::2].astype(int) - 128).max() <= 1


@pytest.mark.parametrize("order", ["tff", "bff"])
@pytest.mark.parametrize("form", [Rgb(), Luma(), Planes()])
def test_the_order_of_fields_goes_along(film: MakeFilm, order: str, form: Format) -> None:
    source = fields(film, order)
    pictures = Pictures(facts_of(source, interlaced=True), form)
    made = pictures.to_frame(pictures.picture(source), source)
    assert made.interlaced_frame
    first = [_first_field(frame) for frame in (source, made)]
    assert np.array_equal(first[0], first[1])
    lines = planes_of(source)[1]
    assert np.array_equal(first[0], lines[0::2] if order == "tff" else lines[1::2])


def _first_field(frame: VideoFrame) -> NDArray[Any]:
    graph = Graph()
    buffer = graph.add_buffer(width=64, height=48, format=frame.format, time_base=Fraction(1, 25))
    graph.link_nodes(buffer, graph.add("separatefields"), graph.add("buffersink")).configure()
    graph.vpush(frame)
    return planes_of(graph.vpull())[1]


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


def same_planes(a: Sequence[NDArray[Any]], b: Sequence[NDArray[Any]]) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


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


def test_chroma_of_fields_is_not_scaled(film: MakeFilm) -> None:
    source = fields(film, "tff")
    pictures = Pictures(facts_of(source, interlaced=True), Luma())
    with pytest.raises(Unsupported) as caught:
        pictures.to_frame(pictures.picture(source)[::2], source)
    assert caught.value.rule == "interlaced-scaling"


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


TWINS = [
    *["nv12", "nv21", "nv16", "nv24", "nv42", "yuyv422", "uyvy422", "yvyu422", "vuyx", "ayuv", "vuya", "uyva"],
    *["p010le", "p010be", "p012le", "p016le", "p210le", "p212le", "p216le", "p410le", "p412le", "p416le", "nv20le"],
    *["y210le", "y212le", "xv30le", "v30xle", "xv36le", "xv48le", "ayuv64le", "vyu444", "yuv420p10be", "yuv444p16be"],
    *["gray16be", "gray10be", "yuva422p12be", "ya16be", "uyyvyy411", "yuv444p10msble", "y216le"],
]


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("full", [False, True])
def test_packed_formats_are_only_put_in_order(name: str, full: bool) -> None:
    colour = (1, 1, 1, 2 if full else 1)
    blank = VideoFrame(48, 32, "gray")
    twin = Pictures(facts_of(blank, pixel_format=name, colour=colour), Planes()).facts.pixel_format
    source = VideoFrame(48, 32, twin)
    depth = source.format.components[0].bits
    chance = np.random.default_rng(1)
    for plane in source.planes:
        if depth == 8:
            plane.update(chance.integers(0, 256, plane.buffer_size, dtype=np.uint8).tobytes())
        else:
            plane.update(chance.integers(0, 1 << depth, plane.buffer_size // 2, dtype=np.uint16).tobytes())
    source.colorspace, source.color_range = 1, colour[3]
    try:
        packed = source.reformat(format=name, interpolation="POINT")
    except (ValueError, OSError):
        pytest.skip("swscale cannot write it")
    pictures = Pictures(facts_of(blank, pixel_format=name, colour=colour), Planes())
    working = pictures.working(packed)
    assert working.format.name == twin
    if twin.startswith("ya"):
        luma = np.frombuffer(bytes(source.planes[0]), np.uint16).reshape(32, -1)[:, :96:2]
        assert np.array_equal(pictures.picture(working)[0], luma)
    else:
        assert same(working, source)
    assert (working.colorspace, working.color_range) == (1, colour[3])


IN_HARDWARE = (
    "amf cuda d3d11 d3d11va_vld d3d12 drm_prime dxva2_vld mediacodec mmal ohcodec opencl qsv vaapi vdpau "
    "videotoolbox_vld vulkan"
)
BEYOND = "bayer_ xyz f16le f16be f32le f32be 32le 32be 96le 96be 128le 128be"
REFUSED = {name for name in names if any(part in name for part in BEYOND.split())} | set(IN_HARDWARE.split())


def test_every_format_has_a_working_one_or_is_refused() -> None:
    refused = set()
    blank = VideoFrame(16, 16, "gray")
    for name, rgb in product(sorted(names), [True, False]):
        form = Rgb() if rgb else Planes()
        facts = facts_of(blank, pixel_format=name)
        if name in REFUSED:
            with pytest.raises(Unsupported) as caught:
                Pictures(facts, form)
            assert caught.value.rule == "no-pixel-format"
            refused.add(name)
            continue
        pictures = Pictures(facts, form)
        assert Pictures(pictures.facts, form).facts == pictures.facts
        frame = VideoFrame(16, 16, pictures.facts.pixel_format)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        picture = pictures.picture(frame)
        check_picture(picture, form, describe(pictures.facts, 1, Fraction(1)), (16, 16))
    assert refused == REFUSED


@pytest.mark.parametrize(
    "name", ["rgb24", "bgra", "argb", "bgr0", "rgb48le", "rgba64be", "gbrp", "gbrp10le", "gbrap", "x2rgb10le"]
)
def test_rgb_makes_no_round_trip_for_those_that_want_it(name: str) -> None:
    depth = av.VideoFormat(name, 16, 16).components[0].bits
    chance = np.random.default_rng(1)
    # Not gbrap10le for gbrp10le: swscale (FFmpeg 8.1) leaves half of the last line unwritten on that way.
    planar = VideoFrame(64, 48, {8: "gbrap", 10: "gbrp10le", 16: "gbrap16le" if "a" in name else "gbrp16le"}[depth])
    for plane in planar.planes:
        kind = np.uint8 if depth == 8 else np.uint16
        count = plane.buffer_size // np.dtype(kind).itemsize
        plane.update(chance.integers(0, 1 << depth, count).astype(kind).tobytes())
    source = planar.reformat(format=name)
    pictures = Pictures(facts_of(source, colour=(1, 13, 0, 2)), Rgb())
    working = pictures.working(source)
    assert working.format.name == pictures.facts.pixel_format
    rgb = pictures.picture(working)
    green, blue, red = planes_of(planar)[:3]
    unit = 65535 / 1023 if depth == 10 else 1
    assert np.array_equal(rgb, np.rint(np.dstack((red, green, blue)) * unit))
    assert same(pictures.to_frame(rgb.copy(), working), working)
    swapped = pictures.to_frame(rgb[..., ::-1], working)
    assert same_planes(planes_of(swapped)[:3], [green, red, blue])


@pytest.mark.parametrize(("name", "wanted"), [("gbrp", "yuv444p"), ("rgb48le", "yuv444p16le"), ("bgra", "yuva444p")])
def test_rgb_becomes_yuv_for_those_that_want_planes(name: str, wanted: str) -> None:
    chance = np.random.default_rng(1)
    source = VideoFrame(64, 48, "gbrp")
    for plane in source.planes:
        plane.update(chance.integers(0, 256, plane.buffer_size, dtype=np.uint8).tobytes())
    green, blue, red = (plane / 255 for plane in planes_of(source))
    pictures = Pictures(facts_of(source, pixel_format=name, colour=(1, 13, 0, 2)), Planes())
    assert pictures.facts.pixel_format == wanted
    assert pictures.facts.colour == (1, 13, 6, 1)
    working = pictures.working(source.reformat(format=name))
    unit = 1 << (working.format.components[0].bits - 8)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    expected = (16 + 219 * luma, 128 + 224 * (blue - luma) / 1.772, 128 + 224 * (red - luma) / 1.402)
    for plane, exact in zip(pictures.picture(working), expected, strict=True):
        error = plane / unit - exact
        assert abs(error.mean()) < 0.02
        assert np.abs(error).max() < 0.75


def test_a_matrix_that_is_not_known_is_refused_for_rgb_alone() -> None:
    facts = facts_of(VideoFrame(16, 16, "yuv420p10le"), colour=(9, 16, 14, 1))
    with pytest.raises(Unsupported) as caught:
        Pictures(facts, Rgb())
    assert caught.value.rule == "no-matrix"
    Pictures(facts, Luma())
    Pictures(facts, Planes())


MATRICES = [
    (1, 0, 0, 1),
    (-1, 0, 0, 1),
    (1, 0, 0, -1),
    (-1, 0, 0, -1),
    (0, 1, -1, 0),
    (0, -1, 1, 0),
    (0, 1, 1, 0),
    (0, -1, -1, 0),
]


@pytest.mark.parametrize("matrix", MATRICES)
def test_turning_and_mirroring_are_told_as_a_player_does_them(
    clip: Callable[[str], Path], tmp_path: Path, job: Callable[..., Any], matrix: tuple[int, int, int, int]
) -> None:
    a, b, c, d = (65536 * n for n in matrix)
    turned = tmp_path / "turned.mp4"
    with av.open(str(clip("silent.mp4"))) as source, av.open(str(turned), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        stream.set_display_matrix((a, b, 0, c, d, 0, 0, 0, 1 << 30))
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                output.mux(packet)
    from media_ops.frames.look import display_matrix

    frame = frames_of(turned)[0]
    rotation, mirrored = turn(display_matrix(frame))
    coded = planes_of(frame)[0]
    shown = np.rot90(coded[:, ::-1] if mirrored else coded, -rotation // 90)
    options = "-frames:v 1 -pix_fmt yuv420p -f rawvideo -"
    command = ["ffmpeg", "-v", "error", "-i", str(turned), *options.split()]
    raw = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    played = np.frombuffer(raw, np.uint8)[: shown.size].reshape(shown.shape)
    assert np.array_equal(shown, played)


def test_a_matrix_that_says_nothing_turns_nothing() -> None:
    assert turn(None) == (0, False)
    assert turn((0,) * 9) == (0, False)
    assert turn((60000, 20000, 0, -20000, 60000, 0, 0, 0, 1 << 30)) == (0, False)


def test_the_film_is_described() -> None:
    facts = facts_of(
        VideoFrame(720, 576, "yuv422p10le"),
        colour=(9, 16, 9, 1),
        sample_aspect_ratio=Fraction(16, 15),
        interlaced=True,
        display_matrix=(0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30),
    )
    what = describe(facts, 7, Fraction(7, 25), {"logo": b"x"}, {"mean": np.zeros(3)})
    assert (what.width, what.height, what.frames) == (720, 576, 7)
    assert (what.duration, what.rate) == (Fraction(7, 25), Fraction(25))
    assert (what.depth, what.planes, what.subsampling, what.full_range) == (10, 3, (2, 1), False)
    assert (what.matrix, what.transfer, what.primaries) == ("bt2020nc", "smpte2084", "bt2020")
    assert (what.sample_aspect_ratio, what.interlaced) == (Fraction(16, 15), True)
    assert (what.rotation, what.mirrored) == (90, False)
    assert what.files == {"logo": b"x"}
    assert set(what.artefact) == {"mean"}
    assert describe(replace(facts, pixel_format="yuvj420p"), 1, Fraction(1)).full_range


FILM = Film(width=5, height=3, frames=1, duration=Fraction(1), rate=Fraction(25))
DEEP = replace(FILM, depth=10)


def planes(kind: Any = np.uint8) -> list[NDArray[Any]]:
    return [np.zeros((3, 5), kind), np.zeros((2, 3), kind), np.zeros((2, 3), kind)]


@pytest.mark.parametrize(
    ("picture", "form", "film", "words"),
    [
        (None, Rgb(), FILM, "the picture is None, not a numpy array"),
        ([[1]], Luma(), FILM, "the picture is a list, not a numpy array"),
        (np.zeros((3, 5), np.uint8), Rgb(), FILM, r"shape \[3, 5\] where \[3, 5, 3\] is due"),
        (np.zeros((3, 5, 4), np.uint8), Rgb(), FILM, r"shape \[3, 5, 4\]"),
        (np.zeros((5, 3, 3), np.uint8), Rgb(), FILM, r"shape \[5, 3, 3\]"),
        (np.zeros((3, 5, 3), np.uint16), Rgb(), FILM, "uint16 where uint8 is due"),
        (np.zeros((3, 5, 3), np.uint8), Rgb(), DEEP, "uint8 where uint16 is due"),
        (np.zeros((3, 5, 3)), Rgb(), FILM, "float64 where uint8 is due"),
        (np.full((3, 5, 3), np.nan, np.float32), Rgb(), FILM, "float32, with NaN in it, where uint8 is due"),
        (np.full((3, 5), np.inf), Luma(), FILM, "with infinite numbers in it"),
        (np.zeros((3, 5), ">u2"), Luma(), DEEP, ">u2|>uint16|uint16 where uint16"),
        (np.full((3, 5), 1024, np.uint16), Luma(), DEEP, "holds 1024, and code values of 10 bits end at 1023"),
        (np.zeros((3, 5), np.uint8), Planes(), FILM, "is a ndarray, not a tuple of the planes Y, U, V"),
        (planes()[:2], Planes(), FILM, "has 2 planes where Y, U, V are due"),
        ([planes()[0]] * 3, Planes(), FILM, r"plane U has the shape \[3, 5\] where \[2, 3\] is due"),
        ([*planes(np.uint16)[:2], np.full((2, 3), 4095, np.uint16)], Planes(), DEEP, "plane V holds 4095"),
    ],
)
def test_what_is_no_picture_is_named(picture: Any, form: Format, film: Film, words: str) -> None:
    with pytest.raises(AlgorithmFailed, match=words):
        check_picture(picture, form, film, (5, 3))


def test_pictures_pass() -> None:
    check_picture(np.zeros((3, 5, 3), np.uint8), Rgb(), FILM, (5, 3))
    check_picture(np.full((3, 5, 3), 65535, np.uint16), Rgb(), DEEP, (5, 3))
    check_picture(np.full((3, 5), 255, np.uint8)[::-1], Luma(), FILM, (5, 3))
    check_picture(tuple(planes()), Planes(), FILM, (5, 3))
    check_picture([p[::2] for p in (np.zeros((6, 10), np.uint8),)], Planes(), replace(FILM, planes=1), (10, 3))
