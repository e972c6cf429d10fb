"""What the watchdog asks of Airflow's REST API, and what it has it do: few requests, filtered and paged."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from media_airflow.watchdog.seen import Progress, TaskSeen, moment, task_seen
from media_ops.remote.client import PAGE, AirflowClient, ApiNotFound, Json, dag_path, run_path, task_path

TAG = "media"
POOL = "default_pool"
PROCESS = "process"
_HOLDING = ["running", "restarting", "deferred", "up_for_reschedule", "up_for_retry"]
_WAITING = ["scheduled", "queued", "up_for_retry", "up_for_reschedule", "deferred", "restarting"]
_RUNS = "/api/v2/dags/~/dagRuns/list"
_TASKS = "/api/v2/dags/~/dagRuns/~/taskInstances/list"
_LONGEST_NOTE = 1000
_MOST_RUNS = 500  # that go on; of thousands that wait, the oldest


@dataclass(frozen=True)
class Slots:
    """Of the pool in which media tasks run: how many hold a slot, how many wait, how many more there is room for."""

    running: int
    waiting: int
    open: int


class Asking:
    """One look at Airflow."""

    def __init__(self, client: AirflowClient) -> None:
        self._client = client
        self._slots: Slots | None = None

    def dags(self) -> tuple[str, ...]:
        """Give the ids of the DAGs with the tag."""
        rows: list[Json] = []
        while True:
            page = self._client.get("/api/v2/dags", tags=TAG, limit=PAGE, offset=len(rows))
            rows += page["dags"]
            if len(rows) >= page["total_entries"] or not page["dags"]:
                return tuple(row["dag_id"] for row in rows)

    def runs(self, dags: Sequence[str], states: Sequence[str], since: float = 0, until: float = 0) -> list[Json]:
        """List all runs that ended in that time, or, where none is given, the oldest ones whatever the time."""
        asked: Json = {"dag_ids": list(dags), "states": list(states), "order_by": "id"}
        if until:
            asked |= {"end_date_gt": _text(since), "end_date_lte": _text(until)}
        return self._listed(_RUNS, "dag_runs", asked, sys.maxsize if until else _MOST_RUNS)

    def holding(self, runs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[TaskSeen]]:
        """Give the tasks of runs that run, or did and will again. There are about as many of them as slots."""
        return self._tasks(runs, state=_HOLDING)

    def states(self, runs: Sequence[tuple[str, str]], tasks: Sequence[str]) -> dict[tuple[str, str], dict[str, Any]]:
        """Give the states of some tasks, by run."""
        found = self._tasks(runs, task_ids=list(tasks))
        return {run: {task.task_id: task.state for task in rows} for run, rows in found.items()}

    def last_end(self, run: tuple[str, str], since: float) -> float | None:
        """Give when a task of the run ended last, if that was in this time."""
        asked = {"dag_ids": [run[0]], "dag_run_ids": [run[1]], "end_date_gte": _text(since), "order_by": "-end_date"}
        rows = self._client.post(_TASKS, {**asked, "page_limit": 1})["task_instances"]
        return moment(rows[0]["end_date"]) if rows else None

    def waits(self, run: tuple[str, str]) -> bool:
        """Whether a task of the run waits."""
        asked = {"dag_ids": [run[0]], "dag_run_ids": [run[1]], "state": _WAITING, "page_limit": 1}
        return bool(self._client.post(_TASKS, asked)["task_instances"])

    def finished(self, run: tuple[str, str], most: int) -> list[TaskSeen]:
        """Give some segments of the run that are finished, those that took longest first."""
        asked = {"dag_ids": [run[0]], "dag_run_ids": [run[1]], "task_ids": [PROCESS], "state": ["success"]}
        rows = self._client.post(_TASKS, {**asked, "order_by": "-duration", "page_limit": most})["task_instances"]
        return [task_seen(row) for row in rows]

    def progress(self, run: tuple[str, str], task: TaskSeen) -> Progress | None:
        """Give what the task's present attempt said last."""
        path = f"{task_path(*run, task.task_id)}/state-store/progress"
        try:
            found = self._client.get(path, map_index=task.map_index)
        except ApiNotFound:
            return None
        said, value = moment(found["updated_at"]) or 0.0, found["value"]
        if task.started is not None and said < task.started:  # of an attempt before
            return None
        return Progress(value["done"], value["total"], value["elapsed"], said)

    def slots(self) -> Slots:
        """Give the slots that media tasks run in; asked once."""
        if self._slots is None:
            pool = self._client.get(f"/api/v2/pools/{POOL}")
            room = pool["open_slots"] if pool["open_slots"] >= 0 else 10_000
            self._slots = Slots(pool["running_slots"], pool["queued_slots"] + pool["scheduled_slots"], room)
        return self._slots

    def now(self, run: tuple[str, str]) -> Json:
        """Read a run as it is now."""
        return self._client.run(*run)

    def clear(self, run: tuple[str, str], tasks: Collection[tuple[str, int]], *, only: str) -> int:
        """Have tasks of a run done again, `only` if they are "running", "failed" or "any"; give their number.

        Without tasks all of that kind are meant.
        """
        body: Json = {
            "dry_run": False,
            "dag_run_id": run[1],
            "only_failed": only == "failed",
            "only_running": only == "running",
            "reset_dag_runs": True,
        }
        if tasks:
            body["task_ids"] = [task if index < 0 else [task, index] for task, index in tasks]
        return int(self._client.post(f"{dag_path(run[0])}/clearTaskInstances", body)["total_entries"])

    def fail(self, run: tuple[str, str], note: str) -> None:
        """End a run; what runs of it hears of that within 1.2 s."""
        self._client.patch(run_path(*run), {"state": "failed", "note": _short(note)})

    def note(self, run: tuple[str, str], note: str) -> None:
        """Write on a run."""
        self._client.patch(run_path(*run), {"note": _short(note)})

    def start(self, dag_id: str, conf: Json, run_id: str, note: str) -> None:
        """Start a run."""
        self._client.trigger(dag_id, conf, run_id=run_id, note=note)

    def _tasks(self, runs: Sequence[tuple[str, str]], **filters: object) -> dict[tuple[str, str], list[TaskSeen]]:
        found: dict[tuple[str, str], list[TaskSeen]] = {run: [] for run in runs}
        for start in range(0, len(runs), PAGE):
            some = runs[start : start + PAGE]
            asked = {"dag_ids": sorted({dag for dag, _ in some}), "dag_run_ids": sorted({run for _, run in some})}
            for row in self._listed(_TASKS, "task_instances", {**asked, **filters, "order_by": "id"}):
                found.get((row["dag_id"], row["dag_run_id"]), []).append(task_seen(row))
        return found

    def _listed(self, path: str, key: str, asked: Json, most: int = sys.maxsize) -> list[Json]:
        rows: list[Json] = []
        while True:
            page = self._client.post(path, {**asked, "page_limit": PAGE, "page_offset": len(rows)})
            rows += page[key]
            if len(page[key]) < PAGE or len(rows) >= most:
                return rows


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _short(note: str) -> str:
    return note if len(note) <= _LONGEST_NOTE else f"...{note[3 - _LONGEST_NOTE :]}"
