"""Time stamps of a joined track, from ranks and the source's own PTS. Integers only."""

from __future__ import annotations

from collections.abc import Sequence


def presentation_ranks(pts: Sequence[int]) -> list[int]:
    """Rank each packet of one segment, given in decoding order, by its presentation time."""
    ranks = [0] * len(pts)
    for rank, packet in enumerate(sorted(range(len(pts)), key=lambda i: (pts[i], i))):
        ranks[packet] = rank
    return ranks


def reorder_delay(ranks: Sequence[int]) -> int:
    """Packets by which decoding must run ahead of presentation, so that every frame is there when it is due."""
    return max((place - rank for place, rank in enumerate(ranks)), default=0)


def decoding_times(presented: Sequence[int], delay: int, gap: int) -> list[int]:
    """Give one strictly increasing DTS per packet, never later than its PTS.

    `presented` are the PTS in presentation order: DTS i is PTS i - delay. The first `delay` ones are extrapolated
    backwards by `gap` ticks, and repeated times are pushed back until they increase.
    """
    times = [
        presented[place - delay] if place >= delay else presented[0] - (delay - place) * gap
        for place in range(len(presented))
    ]
    for place in range(len(times) - 2, -1, -1):
        times[place] = min(times[place], times[place + 1] - 1)
    return times
