"""`enhance_color` takes casts off without flicker, and its look at the film can be shared out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from media_ops.algorithms.enhance_color import EnhanceColor
from tests.algorithms.film import film_of, moments_of, moving, psnr, run, run_cut

NOTHING = {"white_balance": 0, "contrast": 0, "saturation": 0}


def enhance(**params: Any) -> EnhanceColor:
    algorithm = EnhanceColor.from_params(params)
    assert isinstance(algorithm, EnhanceColor)
    return algorithm


def coded(pictures: list[Any], gain: Any = 1.0) -> list[Any]:
    return [np.clip(np.rint(picture * gain), 0, 255).astype(np.uint8) for picture in pictures]


def enhanced(film: list[Any], **params: Any) -> list[Any]:
    algorithm = enhance(**params)
    found = algorithm.analyse(film_of(film), moments_of(film))
    made: list[Any] = run(algorithm, film, artefact=found)
    return made


def luma(film: list[Any]) -> float:
    return float(np.mean([(picture @ (0.2126, 0.7152, 0.0722)).mean() for picture in film]))


def ratios(film: list[Any]) -> Any:
    """Red and blue beside green, in octaves."""
    means = np.mean([picture.mean((0, 1)) for picture in film], axis=0)
    return np.log2(means[[0, 2]] / means[1])


@pytest.mark.parametrize("gain", [(1, 1, 1.25), (1.25, 1, 1), (1, 0.85, 1)])
def test_a_cast_is_reduced_by_more_than_half(gain: tuple[float, float, float]) -> None:
    pictures = moving(6)
    plain, cast = coded(pictures), coded(pictures, gain)
    made = enhanced(cast, contrast=0, saturation=0)
    before, after = (np.abs(ratios(film) - ratios(plain)).max() for film in (cast, made))
    assert after < before / 2
    assert abs(luma(made) - luma(cast)) < 2


def test_a_sunset_stays_one() -> None:
    film = coded(moving(4), (1.0, 0.5, 0.35))
    made = enhanced(film)
    assert ratios(made)[0] > 0.75 * ratios(film)[0]


@pytest.mark.parametrize("sigma", [0, 3])
def test_a_still_scene_does_not_flicker(sigma: float) -> None:
    rng, scene = np.random.default_rng(3), moving(1, cut=False)[0]
    film = coded([scene + rng.normal(0, sigma, scene.shape) for _ in range(8)])
    levels = [luma([picture]) for picture in enhanced(film, contrast=0.6, saturation=0.4)]
    assert np.abs(np.diff(levels)).max() <= 0.2


def test_contrast_and_saturation_do_what_they_say() -> None:
    film = coded(moving(2, cut=False))
    spread = [
        np.mean([picture.std((0, 1)).mean() for picture in some]) for some in (film, enhanced(film, contrast=1))
    ]
    assert spread[1] > 1.03 * spread[0]
    grey = enhanced(film, saturation=-1)[0]
    assert np.ptp(grey.astype(int), axis=-1).max() <= 1
    colour = [np.ptp(some[0].astype(int), axis=-1).mean() for some in (film, enhanced(film, saturation=0.5))]
    assert colour[1] > 1.2 * colour[0]


def test_nothing_asked_for_is_the_identity() -> None:
    film = coded(moving(2), (1, 1, 1.25))
    assert all(np.array_equal(*pair) for pair in zip(enhanced(film, **NOTHING), film, strict=True))
    mild = enhanced(coded(moving(2)))
    assert all(psnr(*pair) > 25 for pair in zip(mild, coded(moving(2)), strict=True))


def test_the_analysis_is_the_same_however_the_film_was_cut() -> None:
    film, algorithm = coded(moving(12)), enhance()
    whole = algorithm.analyse(film_of(film), moments_of(film))
    for cuts in ([5], [1, 2, 11], list(range(1, 12))):
        bounds = [0, *cuts, 12]
        parts = [
            algorithm.analyse(film_of(film), moments_of(film, *pair))
            for pair in zip(bounds, bounds[1:], strict=False)
        ]
        joined = algorithm.join(parts)
        assert joined.keys() == whole.keys()
        for name, array in joined.items():
            assert array.dtype == np.int64
            assert np.array_equal(array, whole[name])
    assert sum(array.nbytes for array in whole.values()) < 65536


def test_cut_anywhere_it_is_the_same_bit_by_bit() -> None:
    film, algorithm = coded(moving(8)), enhance()
    found = algorithm.analyse(film_of(film), moments_of(film))
    whole = run(algorithm, film, artefact=found)
    made = run_cut(algorithm, film, [1, 4, 5], artefact=found)
    assert all(np.array_equal(*pair) for pair in zip(made, whole, strict=True))


def test_sixteen_bits_look_like_eight() -> None:
    pictures = moving(2)
    eight = enhanced(coded(pictures))
    deep = enhanced([picture.astype(np.uint16) * 257 for picture in coded(pictures)])
    for one, other in zip(eight, deep, strict=True):
        assert psnr(one, other / 257) > 50


@pytest.mark.parametrize("level", [0, 3, 128, 255])
@pytest.mark.parametrize("size", [(1, 1), (2, 2), (33, 35)])
def test_black_and_white_dark_black_and_single_frames(level: int, size: tuple[int, int]) -> None:
    flat = [np.full((*size, 3), level, np.uint8)]
    assert all(np.array_equal(*pair) for pair in zip(enhanced(flat), flat, strict=True))
    grey = [np.random.default_rng(1).integers(0, level + 1, (*size, 1), dtype=np.uint8).repeat(3, -1)]
    assert np.ptp(enhanced(grey)[0].astype(int), axis=-1).max() <= 1
