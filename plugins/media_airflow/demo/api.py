"""Follow one run through Airflow's REST API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

from media_airflow.embedded import AirflowClient, ApiNotFound
from media_ops.errors import MediaError, OurError, from_record
from media_ops.remote.client import task_path

MAPPED = "process"


@dataclass(frozen=True)
class Run:
    """A DAG run, seen from outside."""

    client: AirflowClient
    dag_id: str
    run_id: str

    @property
    def address(self) -> str:
        """Where a person sees it."""
        return f"{self.client.url}/dags/{self.dag_id}/runs/{self.run_id}"

    def state(self) -> str:
        """Queued, running, success or failed."""
        return str(self.client.run(self.dag_id, self.run_id)["state"])

    def tasks(self) -> list[dict[str, Any]]:
        """Every task instance, mapped ones one by one, as the report lists them."""
        rows = self.client.task_instances(self.dag_id, self.run_id)
        return [
            {
                "task_id": row["task_id"],
                "map_index": row["map_index"],
                "label": row.get("rendered_map_index"),
                "state": row["state"],
                "start": utc(row["start_date"]),
                "end": utc(row["end_date"]),
                "try_number": row["try_number"],
            }
            for row in rows
        ]

    def progress(self, map_index: int) -> dict[str, Any]:
        """What a segment's task says of itself while it runs; empty before it has."""
        stored = self.client.task_state(self.dag_id, self.run_id, MAPPED, "progress", map_index=map_index)
        return stored if isinstance(stored, dict) else {}

    def result(self, task_id: str, key: str = "return_value", map_index: int = -1) -> Any:
        """What a task returned; None when it has not."""
        path = f"{task_path(self.dag_id, self.run_id, task_id)}/xcomEntries/{key}"
        try:
            return self.client.get(path, map_index=map_index, deserialize=True)["value"]
        except ApiNotFound:
            return None

    def results(self, tasks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """What every finished task returned, for those that tell their cost."""
        for task in tasks:
            value = self.result(task["task_id"], map_index=task["map_index"])
            if isinstance(value, dict) and "metrics" in value:
                yield value

    def failure(self, tasks: list[dict[str, Any]]) -> MediaError:
        """Give the error of the first task that failed."""
        for task in tasks:
            if task["state"] == "failed":
                record = self.result(task["task_id"], "error", task["map_index"])
                if record:
                    return from_record(record)
        return OurError(f"the run {self.run_id} failed; its log is at {self.address}")


def utc(time: str | None) -> str | None:
    """Write Airflow's time in UTC with six decimals."""
    if time is None:
        return None
    return datetime.fromisoformat(time).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def side_by_side(tasks: list[dict[str, Any]]) -> bool:
    """Whether two mapped segments ran at the same time."""
    spans = [(t["start"], t["end"]) for t in tasks if t["task_id"] == MAPPED and t["start"] and t["end"]]
    return any(a[0] < b[1] and b[0] < a[1] for a, b in combinations(spans, 2))
