"""`denoise_fast` cleans what stands still, leaves what moves, and forgets as fast as it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from media_ops.algorithms.denoise_fast import DenoiseFast
from tests.algorithms.film import clean_and_noisy, luma_psnr, psnr, run, run_cut
from tests.everyday import slow


def fast(**params: Any) -> DenoiseFast:
    algorithm = DenoiseFast.from_params(params)
    assert isinstance(algorithm, DenoiseFast)
    return algorithm


def test_noise_falls_where_nothing_moves_and_grows_nowhere() -> None:
    clean, noisy = clean_and_noisy(20, frames=40)
    made = run(fast(strength=20), noisy)
    assert luma_psnr(made, clean) > luma_psnr(noisy, clean) + 2
    still = [[(picture[0][150:, :60],) for picture in film[28:]] for film in (made, noisy, clean)]
    assert luma_psnr(still[0], still[2]) > luma_psnr(still[1], still[2]) + 5
    for one, source, truth in zip(made, noisy, clean, strict=True):
        assert psnr(one[0], truth[0]) > psnr(source[0], truth[0]) - 0.05


def test_the_frame_behind_a_cut_holds_nothing_of_the_scene_before() -> None:
    clean, _ = clean_and_noisy(0)
    made = run(fast(strength=10), clean)
    assert psnr(made[12][0], clean[12][0]) > 40


@pytest.mark.parametrize(("strength", "memory"), [slow(5, 6), slow(20, 3), (50, 6)])
def test_every_frame_behind_the_warm_up_is_within_60_db_of_a_whole_run(strength: float, memory: int) -> None:
    _, noisy = clean_and_noisy(strength, frames=84, height=64, width=96)
    algorithm = fast(strength=strength, memory=memory)
    warm_up = algorithm.need().warm_up
    assert 5 < warm_up < 50
    cuts = [warm_up + 1, 42, 45, 60, 77]
    for one, other in zip(run_cut(algorithm, noisy, sorted(cuts)), run(algorithm, noisy), strict=True):
        assert psnr(one, other) >= 60


def test_the_warm_up_suffices_for_any_content() -> None:
    rng = np.random.default_rng(7)
    films = {
        "uncorrelated": [rng.integers(0, 256, (32, 48), dtype=np.uint8) for _ in range(90)],
        "walks": list(np.cumsum(rng.integers(-9, 10, (90, 32, 48)), 0).clip(-120, 120).astype(np.int16) + 128),
        "flicker": [rng.integers(100, 120 + 40 * (rank % 2), (32, 48)) for rank in range(90)],
    }
    algorithm = fast(strength=12)
    start = algorithm.need().warm_up + 20
    for name, film in films.items():
        pictures = [(plane.astype(np.uint8),) for plane in film]
        whole = run(algorithm, pictures)
        for one, other in zip(run(algorithm, pictures, start), whole[start:], strict=True):
            assert psnr(one, other) >= 60, name


def test_a_shorter_warm_up_would_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    _, noisy = clean_and_noisy(20, frames=48, height=64, width=96, cut=False)
    algorithm = fast(strength=20)
    whole = run(algorithm, noisy)
    need = algorithm.need()
    monkeypatch.setattr(algorithm, "need", lambda: type(need)(warm_up=3))
    assert min(psnr(*pair) for pair in zip(run(algorithm, noisy, 40), whole[40:], strict=True)) < 60


def test_no_strength_changes_nothing_and_clean_film_hardly_anything() -> None:
    clean, noisy = clean_and_noisy(5)
    for one, source in zip(run(fast(strength=0), noisy), noisy, strict=True):
        assert all(np.array_equal(*pair) for pair in zip(one, source, strict=True))
    assert fast(strength=0).need().warm_up == 0
    assert luma_psnr(run(fast(), clean), clean) > 45


def test_deep_pictures_gain_as_much() -> None:
    clean, noisy = clean_and_noisy(20, depth=10)
    made = run(fast(strength=20), noisy, depth=10)
    assert luma_psnr(made, clean, 10) > luma_psnr(noisy, clean, 10) + 2


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (33, 35)])
def test_small_and_odd_pictures(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    run(fast(), [(rng.integers(0, 256, size, dtype=np.uint8),) for _ in range(3)])
