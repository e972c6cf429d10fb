"""Where and when the watermark is shown, and what it is made of."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from media_ops.algorithms.watermark import Watermark
from media_ops.frame import Moment, Window
from tests.algorithms.marking import BOX, RED, WHITE, film, marked, noise, png, ready, saved, shown


@pytest.mark.parametrize("aspect", [Fraction(16, 11), Fraction(8, 9)])
@pytest.mark.parametrize("x", range(10, 18))
def test_squeezed_columns_lie_between_those_they_come_from(aspect: Fraction, x: int) -> None:
    this = film(176, 144, sample_aspect_ratio=aspect)
    source = tuple(np.full_like(plane, 16) for plane in noise(this))
    luma = marked(this, source, png((31, 40)), position=f"{x},7", size=100 * 40 / 144, opacity=1)[0]
    weights = (luma[20] - 16.0) / 219
    ratio = this.shown_size[0] / 176
    assert weights.sum() == pytest.approx(31 / ratio, abs=0.1)
    assert (weights * (np.arange(176) + 0.5)).sum() / weights.sum() == pytest.approx((x + 15.5) / ratio, abs=0.1)


ARROW = Image.new("RGBA", (30, 40), (0, 0, 0, 255))
ImageDraw.Draw(ARROW).polygon([(0, 0), (29, 0), (0, 39)], fill=WHITE)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("aspect", [Fraction(1), Fraction(16, 11), Fraction(8, 9)])
def test_it_is_shown_upright_at_its_corner(rotation: Any, mirrored: bool, aspect: Fraction) -> None:
    this = film(176, 144, rotation=rotation, mirrored=mirrored, sample_aspect_ratio=aspect)
    wide, high = this.shown_size
    side = min(wide, high)
    source = tuple(np.full_like(plane, 128) for plane in noise(this))
    image = saved(ARROW, "PNG")
    luma = marked(this, source, image, position="top-right", size=100 * 40 / side, margin=100 * 6 / side, opacity=1)[
        0
    ]
    seen = shown(luma, this).astype(int)
    assert seen.shape == (high, wide)
    left, right = wide - 6 - 30, wide - 6
    slack = 0 if aspect == 1 else 2
    assert (seen[6 + slack : 10, left + slack : right - 4 - slack] > 200).all(), "white along the top"
    assert (seen[38 : 46 - slack, right - 15 : right - slack] < 40).all(), "black at the lower right"
    frame = seen.copy()
    frame[6 - slack : 46 + slack, left - slack : right + slack] = 128
    assert (frame == 128).all()


@pytest.mark.parametrize(
    ("position", "corner"),
    [
        ("top-left", (6, 6)),
        ("top-center", (70, 6)),
        ("center", (70, 50)),
        ("center-right", (134, 50)),
        ("bottom-left", (6, 94)),
        ("bottom-right", (134, 94)),
        ("3,5", (3, 5)),
    ],
)
def test_each_place(position: str, corner: tuple[int, int]) -> None:
    this = film()
    source = noise(this)
    luma = marked(this, source, png((20, 20)), position=position, size=100 / 6, margin=5, opacity=1)[0]
    rows, columns = np.nonzero(luma != source[0])
    assert (columns.min(), rows.min()) == corner
    assert (columns.max() - columns.min() + 1, rows.max() - rows.min() + 1) == (20, 20)


def test_the_time_range_is_half_open_and_exact_to_the_tick() -> None:
    this = film()
    source = noise(this)
    algorithm, whole = ready(this, png(), **BOX, start=0.1, end=1.001)
    algorithm.setup(whole)
    tick = Fraction(1, 90000)

    def changes(time: Fraction) -> bool:
        return algorithm.process(Window([Moment(7, time, source)], 0, 0)) is not source

    # 0.1 and 1.001 as binary fractions lie beside a tenth and beside the 30th frame of 30000/1001.
    assert [changes(Fraction(1, 10) + off) for off in (-tick, 0, tick)] == [False, True, True]
    assert [changes(30 * Fraction(1001, 30000) + off) for off in (-tick, 0, tick)] == [True, False, False]
    assert not changes(Fraction(0))


def test_the_source_array_is_not_written_to() -> None:
    this = film()
    source = noise(this)
    before = [plane.copy() for plane in source]
    marked(this, source, png(), **BOX)
    assert all((old == new).all() for old, new in zip(before, source, strict=True))


@pytest.mark.parametrize("params", Watermark.examples)
def test_examples_need_no_file_but_the_default_font(params: dict[str, Any]) -> None:
    algorithm = Watermark.from_params(params)
    assert isinstance(algorithm, Watermark)
    assert list(algorithm.default_files()) == ["font"]
    this = film(320, 180)
    source = noise(this)
    assert (marked(this, source, time=1, **params)[0] != source[0]).any()


def test_a_logo_alone_and_a_font_of_its_own_read_no_default() -> None:
    for params in ({"image": "a.png"}, {"text": "a", "font": "b.ttf"}):
        algorithm = Watermark.from_params(params)
        assert isinstance(algorithm, Watermark)
        assert algorithm.default_files() == {}


def test_logo_and_text_stand_side_by_side() -> None:
    this = film(320, 180)
    source = tuple(np.full_like(plane, 128) for plane in noise(this))
    params: dict[str, Any] = {"position": "top-left", "size": 10, "opacity": 1, "margin": 0}
    luma = marked(this, source, png((10, 10), RED), text="字字", **params)[0]
    line = np.argmax((luma == 81).sum(axis=0) == 0)
    assert (luma[:line, :line] == 81).all(), "a square of red as high as a line"
    rest = luma[:, line:]
    columns = np.nonzero((rest != 128).any(axis=0))[0]
    assert 9 <= columns[0] <= 12, "half an em between them"
    assert columns[-1] > 40
