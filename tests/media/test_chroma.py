"""Chroma made larger and smaller again is what it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_ops.frames.chroma import larger, larger_bits, smaller, smaller_bits


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 9),
    st.integers(1, 9),
    st.sampled_from([(0, phase) for phase in range(5)] + [(1, phase) for phase in (0, 2, 4)]),
    st.integers(0, 2**32),
)
def test_smaller_undoes_larger(rows: int, columns: int, step: tuple[int, int], seed: int) -> None:
    axis, phase = step
    plane = np.random.default_rng(seed).integers(-500, 500, (rows, columns)).astype(np.int32)
    fine = larger(plane, axis, phase)
    assert fine.shape[axis] == 2 * plane.shape[axis]
    scale = 1 << (larger_bits(phase) + smaller_bits(phase))
    assert np.array_equal(smaller(fine, axis, phase), plane * scale)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("phase", range(5))
def test_a_slope_shows_where_samples_lie(axis: int, phase: int) -> None:
    slope = np.repeat(np.arange(20, dtype=np.int32)[:, None], 20, 1)
    slope = slope if axis == 0 else slope.T
    fine = larger(slope.copy(), axis, phase) / (1 << larger_bits(phase))
    along = fine[:, 0] if axis == 0 else fine[0]
    assert np.allclose(along[4:36], (np.arange(40)[4:36] - phase / 4) / 2)
    wide = np.repeat(np.arange(40, dtype=np.int32)[:, None], 20, 1)
    wide = wide if axis == 0 else wide.T.copy()
    coarse = smaller(wide, axis, phase) / (1 << smaller_bits(phase))
    along = coarse[:, 0] if axis == 0 else coarse[0]
    assert np.allclose(along[2:18], 2 * np.arange(20)[2:18] + phase / 4)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("phase", range(5))
def test_the_finest_stripes_leave_no_trace(axis: int, phase: int) -> None:
    stripes = np.where(np.arange(40) % 2, 100, -100).astype(np.int32)
    plane = np.tile(stripes, (40, 1)) if axis else np.tile(stripes[:, None], (1, 40))
    found = smaller(np.ascontiguousarray(plane), axis, phase)
    inner = found[:, 3:-3] if axis else found[3:-3]
    assert not inner.any()
