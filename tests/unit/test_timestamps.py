from hypothesis import given
from hypothesis import strategies as st

from media_ops.container.timestamps import decoding_times, presentation_ranks, reorder_delay


@st.composite
def reordered(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """PTS in presentation order (repeats allowed) and ranks in decoding order, as B-frames shuffle them."""
    gaps = draw(st.lists(st.integers(0, 5000), min_size=1, max_size=60))
    pts = [sum(gaps[: i + 1]) for i in range(len(gaps))]
    ranks: list[int] = []
    rank = 0
    while rank < len(pts):
        size = min(draw(st.integers(1, 5)), len(pts) - rank)
        ranks += [rank + size - 1, *range(rank, rank + size - 1)]
        rank += size
    return pts, ranks


@given(reordered(), st.integers(1, 3000))
def test_decoding_times_increase_and_never_pass_presentation(case: tuple[list[int], list[int]], gap: int) -> None:
    pts, ranks = case
    dts = decoding_times(pts, reorder_delay(ranks), gap)
    assert all(a < b for a, b in zip(dts, dts[1:], strict=False))
    assert all(dts[place] <= pts[rank] for place, rank in enumerate(ranks))


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=50))
def test_ranks_are_a_permutation_that_sorts(pts: list[int]) -> None:
    ranks = presentation_ranks(pts)
    assert sorted(ranks) == list(range(len(pts)))
    by_rank = dict(zip(ranks, pts, strict=True))
    assert [by_rank[r] for r in range(len(pts))] == sorted(pts)
