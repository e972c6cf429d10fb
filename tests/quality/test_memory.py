"""Scores of frames that were never in a file: what samples of a segment are measured with."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from av.video.frame import VideoFrame

from media_ops.errors import ChildDied, OurError
from media_ops.quality.scores import measure
from media_ops.quality.ssim import ssim
from media_ops.quality.vmaf import Vmaf

WIDTH, HEIGHT = 160, 96


def frames(count: int, noise: float, depth: int = 8) -> Iterator[VideoFrame]:
    """Draw a soft picture that moves, with noise of so many code values."""
    random = np.random.default_rng(1)
    peak = (1 << depth) - 1
    columns, rows = np.arange(WIDTH), np.arange(HEIGHT)[:, None]
    for number in range(count):
        luma = 0.5 + 0.3 * np.sin((columns + 4 * number) / 9) * np.cos(rows / 7)
        planes = [luma, np.full((HEIGHT // 2, WIDTH // 2), 0.5), np.full((HEIGHT // 2, WIDTH // 2), 0.5)]
        noisy = [plane + random.normal(0, noise / 255, plane.shape) for plane in planes]
        flat = np.concatenate([np.rint(plane.clip(0, 1) * peak).ravel() for plane in noisy])
        shaped = flat.reshape(HEIGHT * 3 // 2, WIDTH)
        if depth == 8:
            yield VideoFrame.from_ndarray(shaped.astype(np.uint8), "yuv420p")
        else:
            yield VideoFrame.from_ndarray(shaped.astype("<u2"), f"yuv420p{depth}le")


@pytest.mark.parametrize("depth", [8, 10])
def test_noise_of_a_known_size_has_the_psnr_of_its_formula(depth: int) -> None:
    found = measure(zip(frames(4, 0, depth), frames(4, 6, depth), strict=True)).by_name
    expected = 20 * np.log10(255 / 6)
    for name in ("psnr_y", "psnr_u", "psnr_v", "psnr"):
        assert found[name] == pytest.approx(expected, abs=0.25), name


def test_ssim_is_that_of_the_formula_written_out() -> None:
    random = np.random.default_rng(2)
    one = random.integers(0, 256, (22, 29), np.uint8)
    other = (one // 2 + random.integers(0, 60, one.shape)).astype(np.uint8)
    c1, c2 = (0.01 * 255) ** 2 / 64, (0.03 * 255) ** 2
    found = []
    for top in range(0, 20 - 7, 4):  # whole blocks of 4 x 4 only
        for left in range(0, 28 - 7, 4):
            x, y = (plane[top : top + 8, left : left + 8].astype(float).ravel() for plane in (one, other))
            covariance = np.cov(x, y)
            means = (2 * x.mean() * y.mean() + c1) / (x.mean() ** 2 + y.mean() ** 2 + c1)
            found.append(means * (2 * covariance[0, 1] + c2) / (covariance[0, 0] + covariance[1, 1] + c2))
    assert ssim(one, other, 255) == pytest.approx(np.mean(found), abs=1e-6)
    assert ssim(one.astype(np.uint16) * 4, other.astype(np.uint16) * 4, 1020) == pytest.approx(
        np.mean(found), abs=1e-5
    )


@pytest.mark.parametrize("depth", [8, 10])
def test_vmaf_falls_with_noise(depth: int) -> None:
    means = []
    for noise in (0.0, 15.0, 45.0):
        with Vmaf(WIDTH, HEIGHT, depth) as vmaf:
            pairs = zip(frames(12, 0, depth), frames(12, noise, depth), strict=True)
            means.append(measure(pairs, vmaf=vmaf).by_name["vmaf"].mean())
    assert means[0] > means[1] + 3 > means[2] + 6


def test_a_frame_s_vmaf_hangs_on_its_neighbours_and_on_no_others() -> None:
    """So a segment needs one frame before it and one behind it, as `measure_quality` says."""
    pairs = list(zip(frames(20, 0), frames(20, 5), strict=True))
    whole = _vmaf(pairs)
    assert len(whole) == 20
    part = _vmaf(pairs[6:15])
    assert (part[1:-1] == whole[7:14]).all()
    assert part[0] != whole[6]


def _vmaf(pairs: list[tuple[VideoFrame, VideoFrame]]) -> np.ndarray:
    with Vmaf(WIDTH, HEIGHT) as vmaf:
        for pair in pairs:
            vmaf.add(*pair)
        return vmaf.scores()


def test_threads_of_vmaf_change_nothing() -> None:
    pairs = list(zip(frames(9, 0), frames(9, 5), strict=True))
    with Vmaf(WIDTH, HEIGHT, threads=3) as vmaf:
        assert (measure(pairs, vmaf=vmaf).by_name["vmaf"] == _vmaf(pairs)).all()


def test_no_frames_have_no_scores() -> None:
    with Vmaf(WIDTH, HEIGHT) as vmaf:
        assert len(vmaf.scores()) == 0


def test_a_frame_of_another_size_is_no_pair() -> None:
    with Vmaf(WIDTH, HEIGHT + 2) as vmaf, pytest.raises(OurError, match="pictures of"):
        measure(zip(frames(1, 0), frames(1, 0), strict=True), vmaf=vmaf)


def test_a_program_that_is_killed_is_said_to_have_died() -> None:
    pairs = list(zip(frames(30, 0), frames(30, 5), strict=True))
    with Vmaf(WIDTH, HEIGHT) as vmaf:
        vmaf.add(*pairs[0])
        assert vmaf._program is not None
        vmaf._program.kill()
        vmaf._program.wait()
        with pytest.raises(ChildDied, match="VMAF's program ended with status -9"):
            measure(pairs, vmaf=vmaf)
