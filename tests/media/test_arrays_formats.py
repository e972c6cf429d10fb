"""Frames as arrays and back: every pixel format there is has a working one, or is refused."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import av
import numpy as np
import pytest
from av.video.format import names  # type: ignore[attr-defined]
from av.video.frame import VideoFrame

from media_ops.errors import Unsupported
from media_ops.frame import Luma, Planes, Rgb
from media_ops.frames.arrays import Pictures
from media_ops.frames.checked import check_picture
from media_ops.frames.filmed import film as describe
from tests.media.pictures import (
    facts_of,
    planes_of,
    same,
    same_planes,
)

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
