"""A job as it stands: its events and segments."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from media_ops.model import Noun

Standing = Literal["waiting", "running", "succeeded", "failed", "cancelled"]
Step = Literal["waiting", "queued", "running", "retrying", "succeeded", "failed", "cancelled", "skipped", "blocked"]


class SegmentState(Noun):
    """One segment in one event. Frames are None while they are unknown."""

    segment_id: str
    order: int
    label: str = ""
    state: Step
    attempt: int = Field(0, description="Which try it is at; 0 before the first.")
    done: int | None = None
    total: int | None = None
    started: str | None = None
    ended: str | None = None


class EventState(Noun):
    """One event; where it has segments, its state is theirs together."""

    event_id: str
    event: str
    state: Step
    attempt: int = 0
    done: int | None = None
    total: int | None = None
    unit: Literal["frames", ""] = Field("", description="What is counted; frames for segments, else the verb's own.")
    started: str | None = None
    ended: str | None = None
    segments: list[SegmentState] = Field([])


class JobState(Noun):
    """One job. `done` and `total` are frames of the result's segments, None while they are unknown."""

    job_id: str
    dag_id: str
    state: Standing
    note: str = ""
    queued: str | None = None
    started: str | None = None
    ended: str | None = None
    done: int | None = None
    total: int | None = None
    events: list[EventState] = Field([])
    attempts: int | None = Field(
        None, description="Attempts that left a trace; None where the store is out of reach."
    )
    output: str | None = None
    error: dict[str, str] | None = Field(None, description="`code`, `fate` and `message` of why it failed.")

    @property
    def percent(self) -> float | None:
        """How much of it is done; None while that is unknown."""
        return 100 * self.done / self.total if self.done is not None and self.total else None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("succeeded", "failed", "cancelled")
