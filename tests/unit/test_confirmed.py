"""What small signs of a neighbour's content add up to."""

from __future__ import annotations

import pytest

from media_ops.frames.confirmed import confirmed


@pytest.mark.parametrize(
    ("suspects", "counted"),
    [
        ({5: 4}, []),
        ({5: 4, 9: 8, 13: 12}, []),
        ({5: 4, 6: 5}, []),
        ({5: 6, 6: 5}, [5, 6]),
        ({5: 6, 6: 7, 7: 8}, [5, 6, 7]),
        ({5: 6, 6: 5, 20: 19}, [5, 6]),
    ],
    ids=["repeat", "repeats", "two", "swap", "shifted run", "swap and a repeat"],
)
def test_swaps_and_shifted_runs_count_and_lone_repeats_do_not(suspects: dict[int, int], counted: list[int]) -> None:
    assert [rank for rank, _ in confirmed(suspects)] == counted
