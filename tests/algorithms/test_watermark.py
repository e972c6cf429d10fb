"""The watermark against values worked out here from the standards, not by the code that draws it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from tests.algorithms.marking import BOX, RED, film, marked, noise, png

LUMA = np.s_[20:60, 40:80]
# Chroma samples whose luma samples, neighbours that lend half their weight included, are all in the box.
CHROMA = np.s_[10:30, 21:40]
CHROMA_TOUCHED = np.s_[10:30, 20:41]


def outside(plane: Any, inside: Any) -> Any:
    left = plane.astype(np.int64)
    left[inside] = -1
    return left


@pytest.mark.parametrize(
    ("depth", "full", "white"),
    [(8, False, 235), (8, True, 255), (10, False, 940), (12, True, 4095), (16, False, 60160)],
)
def test_white_is_the_films_white_and_nothing_else_changes(depth: int, full: bool, white: int) -> None:
    this = film(depth=depth, full_range=full)
    source = noise(this)
    result = marked(this, source, png(), **BOX)
    assert [plane.dtype for plane in result] == [plane.dtype for plane in source]
    assert (result[0][LUMA] == white).all()
    assert (result[1][CHROMA] == 1 << depth - 1).all()
    assert (result[2][CHROMA] == 1 << depth - 1).all()
    assert (outside(result[0], LUMA) == outside(source[0], LUMA)).all()
    for new, old in zip(result[1:], source[1:], strict=True):
        assert (outside(new, CHROMA_TOUCHED) == outside(old, CHROMA_TOUCHED)).all()
        assert (new[10:30, 20] != old[10:30, 20]).any(), "three quarters of it are covered"


@pytest.mark.parametrize("opacity", [0.001, 0.3, 0.5, 0.999])
@pytest.mark.parametrize("depth", [8, 10, 16])
def test_opacity_blends_to_the_nearest_code_value(opacity: float, depth: int) -> None:
    this = film(depth=depth)
    source = noise(this)
    result = marked(this, source, png(), **{**BOX, "opacity": opacity})
    wanted = source[0][LUMA] * (1 - opacity) + 235 * 2 ** (depth - 8) * opacity
    away = np.abs(result[0][LUMA] - wanted)
    # Weights are counted in 1/65536, which at 16 bits is half a code value more.
    assert away.max() <= 0.5 + 2.0 ** (depth - 16) + 1e-3 * (depth == 16)
    assert (result[0][LUMA] == np.floor(wanted + 0.5))[np.abs(wanted % 1 - 0.5) > 0.02].mean() > (
        0.99 if depth < 16 else 0.4
    )


# The codes of red that the standards' own examples and every test pattern have.
REDS = {
    ("smpte170m", False): (81, 90, 240),
    ("bt470bg", True): (76, 85, 255),
    ("bt709", False): (63, 102, 240),
    ("bt709", True): (54, 99, 255),
    ("bt2020nc", False): (74, 97, 240),
}


@pytest.mark.parametrize(("matrix", "full"), REDS)
def test_red_in_each_matrix(matrix: str, full: bool) -> None:
    this = film(matrix=matrix, full_range=full)
    y, cb, cr = marked(this, noise(this), png(color=RED), **BOX)
    found = [int(plane[where][0, 0]) for plane, where in ((y, LUMA), (cb, CHROMA), (cr, CHROMA))]
    assert np.abs(np.subtract(found, REDS[matrix, full])).max() <= 1


def test_a_silent_film_is_bt601_when_small_and_bt709_when_large() -> None:
    for height, red in ((480, 81), (720, 63)):
        this = film(width=64, height=height)
        luma = marked(this, noise(this), png((1, 1), RED), size=5, position="0,0", opacity=1)[0]
        assert luma[0, 0] == red


def wide_red(primaries: dict[str, tuple[float, float]]) -> Any:
    """Give linear BT.709 red in other primaries of white D65, from chromaticities alone."""

    def to_xyz(points: Any) -> Any:
        columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in points]).T
        return columns * np.linalg.solve(columns, [0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])

    bt709 = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
    return np.linalg.solve(to_xyz(primaries.values()), to_xyz(bt709)) @ [1, 0, 0]


BT2020 = {"r": (0.708, 0.292), "g": (0.170, 0.797), "b": (0.131, 0.046)}
P3 = {"r": (0.680, 0.320), "g": (0.265, 0.690), "b": (0.150, 0.060)}


def ycc(rgb: Any, kr: float, kb: float, depth: int) -> Any:
    """Code a signal of 0 to 1 in limited range."""
    y = kr * rgb[0] + (1 - kr - kb) * rgb[1] + kb * rgb[2]
    scale = 2 ** (depth - 8)
    cb, cr = (rgb[2] - y) / (2 - 2 * kb), (rgb[0] - y) / (2 - 2 * kr)
    return np.array([16 + 219 * y, 128 + 224 * cb, 128 + 224 * cr]) * scale


@pytest.mark.parametrize(
    ("facts", "wide", "k"),
    [
        ({"primaries": "bt2020", "matrix": "bt2020nc", "transfer": "bt2020-10"}, BT2020, (0.2627, 0.0593)),
        ({"primaries": "smpte432", "matrix": "bt709", "transfer": "bt709"}, P3, (0.2126, 0.0722)),
    ],
)
def test_red_in_wider_primaries_stays_the_same_colour(
    facts: dict[str, Any], wide: Any, k: tuple[float, float]
) -> None:
    this = film(depth=10, **facts)
    y, cb, cr = marked(this, noise(this), png(color=RED), **BOX)
    wanted = ycc(np.clip(wide_red(wide), 0, 1) ** (1 / 2.4), *k, 10)
    assert np.abs(wanted - [y[LUMA][0, 0], cb[CHROMA][0, 0], cr[CHROMA][0, 0]]).max() <= 1


def eotf_pq(signal: float) -> float:
    """Give cd/m2 (SMPTE ST 2084, equation 4.1)."""
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    power = signal ** (1 / m2)
    return float(10000 * (max(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1))


class TestHdr:
    FACTS: ClassVar[dict[str, Any]] = {"depth": 10, "primaries": "bt2020", "matrix": "bt2020nc"}

    def test_white_has_203_nits_in_pq(self) -> None:
        this = film(**self.FACTS, transfer="smpte2084")
        y, cb, _ = marked(this, noise(this), png(), **BOX)
        code = int(y[LUMA][0, 0])
        assert abs(eotf_pq((code - 64) / 876) - 203) < 1  # one code value is 1.9 cd/m2 here
        assert code == 573  # ITU-R BT.2408, table 1: 58 %
        assert (y[LUMA] == code).all()
        assert (cb[CHROMA] == 512).all()

    def test_half_grey_has_the_light_it_has_on_an_sdr_display(self) -> None:
        this = film(**self.FACTS, transfer="smpte2084")
        y = marked(this, noise(this), png(color=(128, 128, 128, 255)), **BOX)[0]
        wanted = 203 * (128 / 255) ** 2.4
        assert eotf_pq((int(y[LUMA][0, 0]) - 65) / 876) < wanted < eotf_pq((int(y[LUMA][0, 0]) - 63) / 876)

    def test_white_is_75_percent_in_hlg(self) -> None:
        this = film(**self.FACTS, transfer="arib-std-b67")
        y, cb, cr = marked(this, noise(this), png(), **BOX)
        assert (y[LUMA] == 721).all()
        assert (cb[CHROMA] == 512).all()
        assert (cr[CHROMA] == 512).all()

    def test_grey_in_hlg_is_shown_as_dim_as_it_should_be(self) -> None:
        this = film(**self.FACTS, transfer="arib-std-b67")
        y = marked(this, noise(this), png(color=(128, 128, 128, 255)), **BOX)[0]

        def display(code: int) -> float:  # of 1000 cd/m2: BT.2100 inverse OETF, gamma 1.2
            signal, a = (code - 64) / 876, 0.17883277
            scene = signal**2 / 3 if signal <= 0.5 else (np.exp((signal - 0.55991073) / a) + 0.28466892) / 12
            return float(1000 * scene**1.2)

        code = int(y[LUMA][0, 0])
        assert display(code - 1) < 203 * (128 / 255) ** 2.4 < display(code + 1)

    def test_half_transparent_edges_keep_their_colour(self) -> None:
        this = film(**self.FACTS, transfer="smpte2084")
        source = noise(this)
        y = marked(this, source, png(color=(255, 255, 255, 128)), **BOX)[0]
        share = 128 / 255
        assert np.abs(y[LUMA] - (source[0][LUMA] * (1 - share) + 572.7 * share)).max() <= 0.6


def test_grey_films_have_one_plane() -> None:
    this = film(full_range=True, matrix="bt709")
    source = noise(this, planes=1)
    result = marked(this, source, png(color=RED), **BOX)
    assert len(result) == 1
    assert (result[0][LUMA] == 54).all()


@pytest.mark.parametrize("subsampling", [(1, 1), (2, 1), (2, 2), (4, 1), (1, 2), (4, 4)])
@pytest.mark.parametrize("location", ["", "left", "center", "topleft", "bottom"])
def test_chroma_takes_what_its_luma_samples_have(subsampling: tuple[int, int], location: str) -> None:
    this = film(101, 67, subsampling=subsampling, chroma_location=location)
    source = tuple(np.full_like(plane, 77) for plane in noise(this))
    image = png((33, 21), RED)
    result = marked(this, source, image, position="51,34", size=100 * 21 / 67, opacity=1)
    full = np.full((67, 101), 77.0)
    full[34:55, 51:84] = 240
    across, down = subsampling
    wanted = full
    for axis, (share, at) in enumerate(((down, location), (across, location))):
        on_row = share > 1 and (at.startswith(("top", "bottom")) if axis == 0 else (at or "left").endswith("left"))
        shift = share - 1 if axis == 0 and at.startswith("bottom") else 0
        offsets = range(shift - share // 2, shift + share // 2 + 1) if on_row else range(share)
        weights = [(0.5 if on_row and k in (0, len(offsets) - 1) else 1) / share for k in range(len(offsets))]
        moved = np.moveaxis(wanted, axis, 0)
        count = -(-len(moved) // share)
        rows = [
            sum(w * moved[min(max(c * share + o, 0), len(moved) - 1)] for o, w in zip(offsets, weights, strict=True))
            for c in range(count)
        ]
        wanted = np.moveaxis(np.array(rows), 0, axis)
    assert result[2].shape == wanted.shape
    assert np.abs(result[2] - wanted).max() <= 0.51


def test_chroma_at_the_pictures_border_is_covered_whole() -> None:
    this = film(101, 67)
    source = noise(this)
    for size, where in ((this.shown_size, np.s_[:, :]), ((40, 20), np.s_[:10, :20])):
        cr = marked(this, source, png(size, RED), position="0,0", size=100 * size[1] / 67, opacity=1)[2]
        assert (cr[where] == 240).all()
