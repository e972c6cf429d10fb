"""`denoise` gains decibels on film with motion, leaves no trail, and never mixes scenes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from media_ops.algorithms.denoise import Denoise
from tests.algorithms.film import clean_and_noisy, luma_psnr, psnr, run, run_cut


def denoise(**params: Any) -> Denoise:
    algorithm = Denoise.from_params(params)
    assert isinstance(algorithm, Denoise)
    return algorithm


def equal(some: list[Any], others: list[Any]) -> bool:
    return all(
        np.array_equal(one, other)
        for pair in zip(some, others, strict=True)
        for one, other in zip(*pair, strict=True)
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_strong_noise_on_a_film_with_motion_falls_by_six_decibels(seed: int) -> None:
    clean, noisy = clean_and_noisy(20, seed=seed)
    made = run(denoise(strength=20), noisy)
    assert luma_psnr(made, clean) > luma_psnr(noisy, clean) + 6
    for one, source, truth in zip(made, noisy, clean, strict=True):
        assert all(psnr(a, c) > psnr(b, c) + 4 for a, b, c in zip(one, source, truth, strict=True))


def test_no_part_of_a_moving_picture_is_worse_than_its_noise() -> None:
    clean, noisy = clean_and_noisy(20)
    for made, source, truth in zip(run(denoise(strength=20), noisy), noisy, clean, strict=True):
        before, after = (blocks(picture[0], truth[0]) for picture in (source, made))
        assert np.all(after < before)


def blocks(plane: Any, truth: Any, side: int = 16) -> Any:
    """Mean squared error of each block."""
    squares = np.square(plane.astype(float) - truth)
    height, width = (size // side for size in squares.shape)
    return squares[: height * side, : width * side].reshape(height, side, width, side).mean((1, 3))


def test_another_scene_has_no_weight_at_all() -> None:
    _, noisy = clean_and_noisy(20)
    made = run(denoise(strength=20), noisy)
    assert equal(made[:12], run(denoise(strength=20), noisy[:12]))
    assert equal(made[12:], run(denoise(strength=20), noisy[12:]))


def test_a_clean_source_hardly_changes() -> None:
    clean, _ = clean_and_noisy(0)
    assert luma_psnr(run(denoise(), clean), clean) > 45
    still = [clean[0]] * 4
    assert equal(run(denoise(strength=20), still), still)


def test_frames_shown_twice_are_cleaned_as_well() -> None:
    clean, noisy = ([frame for frame in film for _ in range(2)] for film in clean_and_noisy(20, frames=6))
    assert luma_psnr(run(denoise(strength=20), noisy), clean) > luma_psnr(noisy, clean) + 5


def test_no_strength_changes_nothing() -> None:
    _, noisy = clean_and_noisy(5, frames=4)
    assert equal(run(denoise(strength=0), noisy), noisy)
    made = run(denoise(chroma=0), noisy)
    assert equal([one[1:] for one in made], [one[1:] for one in noisy])
    assert not equal([one[:1] for one in made], [one[:1] for one in noisy])


def test_deep_pictures_gain_as_much() -> None:
    clean, noisy = clean_and_noisy(20, frames=6, depth=10)
    made = run(denoise(strength=20), noisy, depth=10)
    assert luma_psnr(made, clean, 10) > luma_psnr(noisy, clean, 10) + 6
    assert max(int(one[0].max()) for one in made) <= 1023


@pytest.mark.parametrize("radius", [1, 3])
def test_cut_anywhere_it_is_the_same_bit_by_bit(radius: int) -> None:
    _, noisy = clean_and_noisy(10, frames=12, height=96, width=128)
    cuts = sorted(np.random.default_rng(radius).choice(np.arange(1, 12), 4, replace=False).tolist())
    algorithm = denoise(radius=radius, strength=10)
    assert equal(run_cut(algorithm, noisy, cuts), run(algorithm, noisy))


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (16, 16), (31, 33), (30, 200), (34, 18)])
@pytest.mark.parametrize("planes", [1, 3])
def test_small_and_odd_pictures(size: tuple[int, int], planes: int) -> None:
    rng = np.random.default_rng(1)
    half = (-(-size[0] // 2), -(-size[1] // 2))
    film = [
        tuple(rng.integers(0, 256, shape, dtype=np.uint8) for shape in (size, half, half)[:planes]) for _ in range(4)
    ]
    run(denoise(radius=2), film)
    black = [tuple(np.zeros_like(plane) for plane in film[0])] * 3
    assert equal(run(denoise(), black), black)
