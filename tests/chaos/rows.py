"""What is done to a running job, when, and how long it may take until the work goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Moment = Literal["probing", "first segment", "half of the segments", "merging"]

# Seconds from the kill (for stalls from the end of the stall time) to the retry running.
SOON, LATER = 5.0, 75.0


@dataclass(frozen=True)
class Row:
    """`kill` names a method of `tests.chaos.kills`; `within` is None where nothing has to be retried."""

    kill: str
    moment: Moment
    within: float | None = None
    misbehaves: str = ""

    def __str__(self) -> str:
        return f"{self.kill}, {self.moment}"


_WORK: tuple[Moment, ...] = ("first segment", "half of the segments", "merging")
_EARLY: tuple[Moment, ...] = ("probing", "half of the segments", "merging")

ROWS: list[Row] = [
    *(Row("child", moment, SOON) for moment in ("probing", *_WORK)),
    *(Row("task process", moment, SOON) for moment in ("probing", *_WORK)),
    *(Row("task's supervisor", moment, LATER) for moment in _WORK),
    *(Row("scheduler", moment, LATER) for moment in _EARLY),
    *(Row("API server", moment) for moment in _EARLY),
    *(Row("DAG processor", moment) for moment in _EARLY),
    *(Row("PostgreSQL", moment) for moment in _EARLY),
    *(Row("everything", moment, LATER) for moment in _EARLY),
    *(Row("child stopped by SIGSTOP", moment, SOON) for moment in ("first segment", "merging")),
    *(Row("API server away for 30 s", moment) for moment in ("first segment", "merging")),
    Row("child spins without output", "first segment", SOON, misbehaves="spin"),
    Row("child out of memory", "first segment", SOON, misbehaves="memory"),
    Row("child crashes by SIGSEGV", "first segment", SOON, misbehaves="crash"),
    Row("full disk of segments", "half of the segments", LATER),
    Row("full disk of results", "merging", LATER),
]
