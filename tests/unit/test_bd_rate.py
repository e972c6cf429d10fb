"""BD-rate, on curves whose answer is known."""

from __future__ import annotations

import math

import pytest

from media_airflow.bench.quality.bd_rate import bd_rate

CURVE = [(200.0, 70.0), (400.0, 80.0), (800.0, 88.0), (1600.0, 93.0)]


@pytest.mark.parametrize("factor", [0.5, 0.98, 1.0, 1.1, 2.0])
def test_a_curve_that_always_takes_so_much_more(factor: float) -> None:
    tested = [(rate * factor, quality) for rate, quality in CURVE]
    assert bd_rate(CURVE, tested) == pytest.approx(100 * (factor - 1))


def test_only_qualities_that_both_have_count() -> None:
    line = [(math.exp(quality / 10), quality) for quality in (60, 70, 80, 90)]
    shifted = [(1.05 * math.exp(quality / 10), quality) for quality in (65.0, 72, 83, 95)]
    assert bd_rate(line, shifted) == pytest.approx(5, abs=1e-6)


def test_curves_without_a_common_quality_have_none() -> None:
    with pytest.raises(ValueError, match="in common"):
        bd_rate(CURVE, [(rate, quality - 40) for rate, quality in CURVE])
