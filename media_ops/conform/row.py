"""What became of one file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal, get_args

from pydantic import Field

from media_ops.model import Noun

Outcome = Literal["sliced", "truncated", "whole", "refused", "skipped", "wrong"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class Row(Noun):
    """One line of the result: `path` is relative to the folder, `output` absolute, `frames` those compared."""

    path: str
    outcome: Outcome
    reason: str | None = None
    segments: int | None = None
    frames: int | None = None
    output: str | None = None


class Finding(Noun):
    """A row with what the page says beside it."""

    row: Row
    container: str = ""
    codec: str = ""
    seconds: float = 0.0
    rule: str | None = Field(None, description="The rule by which slicing was declined or the file refused.")


def count(rows: Iterable[Row]) -> dict[str, int]:
    """Count every outcome, those that did not happen included."""
    found = Counter(row.outcome for row in rows)
    return {outcome: found[outcome] for outcome in OUTCOMES}


def document(findings: Iterable[Finding]) -> dict[str, Any]:
    """Give the document of `media conform --json`."""
    rows = [finding.row for finding in findings]
    return {"rows": [row.model_dump() for row in rows], "counts": count(rows)}
