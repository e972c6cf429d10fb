"""Frames as arrays and back: where chroma lies, and which field a line belongs to."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from av.filter import Graph
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from media_ops.errors import Unsupported
from media_ops.frame import Format, Luma, Planes, Rgb
from media_ops.frames.arrays import Pictures
from tests.media.pictures import (
    MakeFilm,
    facts_of,
    filled,
    frames_of,
    planes_of,
    recipe,
)


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


def test_chroma_of_fields_is_not_scaled(film: MakeFilm) -> None:
    source = fields(film, "tff")
    pictures = Pictures(facts_of(source, interlaced=True), Luma())
    with pytest.raises(Unsupported) as caught:
        pictures.to_frame(pictures.picture(source)[::2], source)
    assert caught.value.rule == "interlaced-scaling"
