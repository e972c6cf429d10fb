"""What small signs of another frame's content add up to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_RUN = 3


def confirmed(suspects: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """Give the suspects (rank, rank shown) that changed places with a neighbour or stand in a shifted run."""
    for rank, shows in suspects.items():
        swapped = suspects.get(shows) == rank
        starts = range(rank - _RUN + 1, rank + 1)
        shifted = any(all(suspects.get(r) == r + shows - rank for r in range(s, s + _RUN)) for s in starts)
        if swapped or shifted:
            yield rank, shows
