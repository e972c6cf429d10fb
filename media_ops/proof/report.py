"""What is asked for when a proof is checked again, and what was found."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from media_ops.model import Metrics, Noun, Proof

Outcome = Literal["held", "failed", "not possible"]


class CheckRequest(Noun):
    """Check `proof` against the two files; without a source, `no_source` says why there is none."""

    proof: Proof
    sealed: bool
    result: str
    source: str | None
    no_source: str = ""
    full: bool = False


class Check(Noun):
    """One thing that a proof says."""

    name: str
    outcome: Outcome
    detail: str


class CheckReport(Noun):
    """The document of `media proof --check --json`; `outcome` is `failed` if a single check failed."""

    outcome: Literal["held", "failed"]
    result: str
    source: str | None
    full: bool
    checks: list[Check] = Field(description="One a line of what the proof says, in the order they were made.")
    metrics: Metrics = Metrics()


class NotPossible(Exception):
    """A check that cannot be made, with the reason."""
