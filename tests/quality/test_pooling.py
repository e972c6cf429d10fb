"""Figures of many frames, and what is said of joints."""

from __future__ import annotations

import numpy as np
import pytest

from media_ops.quality.joints import depth, joint_scores
from media_ops.quality.scores import Scores
from media_ops.quality.summary import summary, worst

RANDOM = np.random.default_rng(3)


def test_percentiles_and_means() -> None:
    values = np.arange(101.0)
    found = summary("vmaf", values)
    assert found.percentiles == {"min": 0, "1": 1, "5": 5, "25": 25, "50": 50, "75": 75, "95": 95, "max": 100}
    assert found.mean == 50
    assert found.harmonic_mean == pytest.approx(101 / sum(1 / (value + 1) for value in values) - 1)
    assert found.of_mean_error is None


def test_psnr_of_the_mean_error_is_that_of_all_samples() -> None:
    errors = np.array([4.0, 9.0, 25.0])
    found = summary("psnr", 10 * np.log10(255**2 / errors))
    assert found.of_mean_error == pytest.approx(10 * np.log10(255**2 / errors.mean()))
    assert found.mean > (found.of_mean_error or 0)
    assert found.harmonic_mean is None


def test_the_worst_frames_stand_for_their_places() -> None:
    values = np.full(200, 40.0)
    values[[50, 51, 52, 120, 10]] = [30, 29, 31, 33, 35]
    found = worst(Scores({"psnr_y": values}), [rank / 25 for rank in range(200)])
    assert [frame.rank for frame in found][:3] == [51, 120, 10]
    assert found[0].seconds == 2.04


@pytest.mark.parametrize("name", ["psnr_y", "vmaf"])
def test_a_joint_that_lies_lower_is_found(name: str) -> None:
    values = 40 + RANDOM.normal(0, 0.4, 400)
    values[298:300] -= 5
    scores = Scores({name: values, "psnr": values})
    good, bad = joint_scores(scores, [100, 300], [rank / 25 for rank in range(400)])
    assert (good.rank, good.lower) == (100, False)
    assert (bad.rank, bad.lower, bad.metric) == (300, True, name)
    assert 4 < bad.below < 7
    assert 0.5 < bad.usual < 1.5


def test_a_change_of_scene_is_no_low_joint() -> None:
    values = np.where(np.arange(400) < 200, 45.0, 35.0) + RANDOM.normal(0, 0.2, 400)
    (joint,) = joint_scores(Scores({"psnr_y": values}), [200], [0.0] * 400)
    assert not joint.lower


def test_dips_that_are_usual_are_not_held_against_a_joint() -> None:
    values = 40 + RANDOM.normal(0, 0.2, 400)
    values[::8] -= 4
    (joint,) = joint_scores(Scores({"psnr_y": values}), [160], [0.0] * 400)
    assert joint.below > 3
    assert not joint.lower


def test_joints_at_the_ends_of_a_short_film() -> None:
    assert depth(np.full(4, 40.0), 2) is None
    assert depth(np.array([40.0, 40, 40, 40, 30, 40, 40]), 6) == pytest.approx(10)
