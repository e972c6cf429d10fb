"""Runs and tasks as they were seen. Moments are seconds since 1970."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Progress:
    """What an attempt has said: work done, of how much, how long it had been at it, and when it said so."""

    done: int
    total: int | None
    elapsed: float
    said: float


@dataclass(frozen=True)
class TaskSeen:
    """One task instance."""

    task_id: str
    map_index: int = -1
    state: str | None = None
    attempt: int = 1
    started: float | None = None
    host: str = ""
    pid: int | None = None
    progress: Progress | None = None

    @property
    def signs(self) -> list[float]:
        """Moments at which it moved."""
        said = self.progress.said if self.progress else None
        return [moment for moment in (self.started, said) if moment is not None]


@dataclass(frozen=True)
class RunSeen:
    """One run; `since` is when it was asked for, `last_end` when a task of it ended last, as far as was asked."""

    dag_id: str
    run_id: str
    state: str
    since: float
    started: float | None = None
    ended: float | None = None
    conf: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    tasks: tuple[TaskSeen, ...] = ()
    last_end: float | None = None
    waits: bool = False

    @property
    def key(self) -> str:
        """Name among all runs."""
        return f"{self.dag_id}/{self.run_id}"

    @property
    def running(self) -> tuple[TaskSeen, ...]:
        """Tasks that hold a slot."""
        return tuple(task for task in self.tasks if task.state == "running")


def moment(text: str | None) -> float | None:
    """Read a time of Airflow's API."""
    return datetime.fromisoformat(text).timestamp() if text else None


def run_seen(row: Mapping[str, Any], first: float | None) -> RunSeen:
    """Read a run; `first` is when it was seen first, which clearing one of its tasks does not change."""
    asked = moment(row["queued_at"]) or moment(row["run_after"]) or 0.0
    return RunSeen(
        dag_id=row["dag_id"],
        run_id=row["dag_run_id"],
        state=row["state"],
        since=asked if first is None else min(first, asked),
        started=moment(row["start_date"]),
        ended=moment(row["end_date"]),
        conf=row["conf"] or {},
        note=row["note"] or "",
    )


def task_seen(row: Mapping[str, Any]) -> TaskSeen:
    """Read a task instance."""
    return TaskSeen(
        task_id=row["task_id"],
        map_index=row["map_index"],
        state=row["state"],
        attempt=row["try_number"],
        started=moment(row["start_date"]),
        host=row["hostname"] or "",
        pid=row["pid"],
    )
