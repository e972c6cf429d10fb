from hypothesis import given
from hypothesis import strategies as st

from media_ops.planning.bounds import bounds


@given(st.data())
def test_every_cut_is_exact_in_number_and_never_empty(data: st.DataObject) -> None:
    frames = data.draw(st.integers(1, 5000))
    segments = data.draw(st.integers(1, min(frames, 1000)))
    preferred = sorted(data.draw(st.sets(st.integers(0, frames - 1), max_size=50)))
    edges = bounds(frames, segments, preferred)
    assert len(edges) == segments + 1
    assert (edges[0], edges[-1]) == (0, frames)
    assert all(a < b for a, b in zip(edges, edges[1:], strict=False))


def test_prefers_an_entry_near_the_even_split() -> None:
    assert bounds(100, 2, [0, 45, 90]) == [0, 45, 100]


def test_takes_the_even_split_where_no_entry_is_near() -> None:
    assert bounds(100, 2, [0, 10]) == [0, 50, 100]
