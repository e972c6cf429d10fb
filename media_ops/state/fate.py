"""Airflow's words for runs and tasks, as ours; Airflow has none for a cancelled run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from media_ops.state.job import Standing, Step

CANCELLED = "cancelled: "
FAILED = "failed: "  # of who ends a run for a reason that is no cancelling, such as a deadline
MERGE, LAST = "merge", "notify"

_STEPS: dict[str | None, Step] = {
    None: "waiting",
    "scheduled": "waiting",
    "queued": "queued",
    "restarting": "queued",
    "running": "running",
    "up_for_retry": "retrying",
    "success": "succeeded",
    "failed": "failed",
    "skipped": "skipped",
    "upstream_failed": "blocked",
    "removed": "skipped",
}


def standing(run: Mapping[str, Any], tasks: Sequence[Mapping[str, Any]]) -> Standing:
    """Say how a job stands.

    A failed run is a cancelled one if its note says so, or if somebody ended it: whoever marks a run failed has
    Airflow mark what runs "failed" and what waits "skipped", `notify` too, which otherwise runs whatever happened.
    Where then only its failed tasks are cleared, what was skipped stays so, and Airflow calls the run a success
    whatever became of the merge: a job has succeeded only with a result.
    """
    match run["state"]:
        case "queued":
            return "waiting"
        case "success" if _has_result(tasks):
            return "succeeded"
        case "success" | "failed":
            return "cancelled" if _was_cancelled(run, tasks) else "failed"
        case _:
            return "running"


def step(state: str | None, *, cancelled: bool = False) -> Step:
    """Say how an event or a segment stands; in a cancelled job what was running was cancelled."""
    known = _STEPS.get(state, "waiting")
    return "cancelled" if cancelled and known == "failed" else known


def _has_result(tasks: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the merge published something, or `notify` said that there was a result already."""
    states = {task["task_id"]: task["state"] for task in tasks}
    return MERGE not in states or "success" in (states[MERGE], states.get(LAST))


def _was_cancelled(run: Mapping[str, Any], tasks: Sequence[Mapping[str, Any]]) -> bool:
    last = next((task["state"] for task in tasks if task["task_id"] == LAST), None)
    if last == "success":  # the note is of an earlier time: it was cleared, and had an end of its own
        return False
    note = str(run.get("note") or "")
    return note.startswith(CANCELLED.strip()) or (last == "skipped" and not note.startswith(FAILED.strip()))
