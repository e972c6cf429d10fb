"""Windows over a stream of pictures, no more of which are held than a window needs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from av.video.frame import VideoFrame

from media_ops.frame import Moment, Window


@dataclass(frozen=True)
class Shown:
    """A moment and the decoded frame that its picture was taken from."""

    moment: Moment
    frame: VideoFrame


def windows(
    shown: Iterable[Shown], calls: range, before: int, after: int, repeat: int = 0
) -> Iterator[tuple[Window, Shown]]:
    """Give a window for each rank of `calls`, then `repeat` more in which the last picture stands still.

    `shown` must hold every rank from `calls.start - before` on to `calls.stop + after`, as far as the film has them.
    """
    coming = iter(shown)
    ring: deque[Shown] = deque()
    here: Shown | None = None
    for position, rank in enumerate(calls):
        while not ring or ring[-1].moment.rank < rank + after:
            following = next(coming, None)
            if following is None:
                break
            ring.append(following)
        while ring and ring[0].moment.rank < rank - before:
            ring.popleft()
        place = next((at for at, one in enumerate(ring) if one.moment.rank == rank), None)
        if place is None:
            return  # the reader says what is missing
        here = ring[place]
        yield Window([one.moment for one in ring], place, position), here
    for again in range(repeat if here else 0):
        assert here is not None
        yield Window([here.moment], 0, len(calls) + again), here
