"""Airflow's words for runs and tasks, as ours; Airflow has none for a cancelled run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from media_ops.state.job import Standing, Step

CANCELLED = "cancelled: "
LAST = "notify"

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
    """
    match run["state"]:
        case "queued":
            return "waiting"
        case "success":
            return "succeeded"
        case "failed":
            return "cancelled" if _was_cancelled(run, tasks) else "failed"
        case _:
            return "running"


def step(state: str | None, *, cancelled: bool = False) -> Step:
    """Say how an event or a segment stands; in a cancelled job what was running was cancelled."""
    known = _STEPS.get(state, "waiting")
    return "cancelled" if cancelled and known == "failed" else known


def _was_cancelled(run: Mapping[str, Any], tasks: Sequence[Mapping[str, Any]]) -> bool:
    if str(run.get("note") or "").startswith(CANCELLED.strip()):
        return True
    last = [task["state"] for task in tasks if task["task_id"] == LAST]
    return bool(last) and all(state == "skipped" for state in last)
