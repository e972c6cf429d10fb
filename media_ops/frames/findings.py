"""What an index found that decides whether and how a source can be processed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

Span = tuple[int, int]


class Findings(NamedTuple):
    """Facts beside the columns of an index; times are PTS in ticks, spans half-open and apart from one another.

    `damage` is what a whole decode could not give or had to guess; an index by packets knows of a missing end only.
    `change` says how the picture changes in the middle, `decoded_because` why packets were not enough.
    `packed` means that packets hold several pictures or none, so that their pictures cannot be asked for alone.
    """

    damage: tuple[Span, ...] = ()
    change: str | None = None
    decoded_because: str | None = None
    packed: bool = False

    def to_json(self) -> dict[str, Any]:
        """Give plain JSON."""
        return self._asdict()

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Findings:
        """Undo `to_json`."""
        return cls(**data | {"damage": tuple((start, end) for start, end in data["damage"])})


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sort spans and join those that touch."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)
