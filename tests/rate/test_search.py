"""Few trials find the constant quality that gives a measured one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ops.rate.aim import Aim
from media_ops.rate.search import Search


def searched(curve: Callable[[float], float], aim: Aim, begin: float = 23, codec: str = "libx264") -> Search:
    search = Search.of(aim, codec, begin)
    while (crf := search.next()) is not None:
        search.tell(crf, curve(crf))
    return search


def vmaf(steep: float, knee: float) -> Callable[[float], float]:
    """A curve such as VMAF's: flat near 100, then falling ever faster."""
    return lambda crf: max(0.0, 100 - steep * max(0.0, crf - knee) ** 1.5)


@given(st.floats(0.05, 0.6), st.floats(0, 18), st.floats(60, 97), st.floats(15, 40))
def test_the_target_is_met_with_few_trials(steep: float, knee: float, target: float, begin: float) -> None:
    curve = vmaf(steep, knee)
    search = searched(curve, Aim(metric="vmaf", target=target), begin)
    assert len(search.seen) <= 6
    assert len({crf for crf, _ in search.seen}) == len(search.seen)
    reached = curve(search.best)
    if search.best not in (6.0, 48.0):
        assert reached == pytest.approx(target, abs=1.2)
        assert search.expected == pytest.approx(reached, abs=1.2)


def test_a_target_that_the_finest_quality_misses_is_known() -> None:
    search = searched(lambda crf: 95 - crf / 10, Aim(metric="vmaf", target=99))
    assert search.best == 6.0
    assert search.expected == pytest.approx(94.4)


def test_a_target_that_the_coarsest_quality_exceeds_costs_no_more() -> None:
    search = searched(lambda crf: 99.0, Aim(metric="vmaf", target=80))
    assert search.best == 48.0
    assert search.expected == 99.0
    assert len(search.seen) <= 3


def test_a_first_trial_that_is_near_enough_is_the_last() -> None:
    search = searched(lambda crf: 95.1, Aim(metric="vmaf", target=95))
    assert (search.seen, search.best) == ([(23, 95.1)], 23)


def test_av1_counts_in_quarters() -> None:
    search = searched(vmaf(0.1, 5), Aim(metric="vmaf", target=93.3), begin=35, codec="libsvtav1")
    assert all(4 * crf == round(4 * crf) for crf, _ in search.seen)
    assert 4 * search.best == round(4 * search.best)


@pytest.mark.parametrize(
    ("metric", "slope", "top", "target"), [("psnr", 0.55, 55, 42.0), ("ssim", 0.002, 1.02, 0.97)]
)
def test_other_metrics_are_met_too(metric: str, slope: float, top: float, target: float) -> None:
    search = searched(lambda crf: top - slope * crf, Aim(metric=metric, target=target))  # type: ignore[arg-type]
    assert search.expected == pytest.approx(target, abs=0.2 if metric == "psnr" else 0.002)
    assert len(search.seen) <= 3
