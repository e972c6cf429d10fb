"""Read a job's state: Airflow's answers are the truth, traces add what only attempts know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from media_ops.state.fate import FAILED, LAST, standing, step
from media_ops.state.job import EventState, JobState, SegmentState, Step

if TYPE_CHECKING:
    from media_ops.remote.client import AirflowClient
    from media_ops.storage.traces import Trace

PROCESS = "process"
_MEASURE = "measure"
_ORDER = ("probe", "cut", "analyse", "conclude", PROCESS, _MEASURE, "audio", "merge", LAST, "published")
_SUM: tuple[Step, ...] = ("failed", "cancelled", "retrying", "running", "queued", "waiting", "blocked", "succeeded")


class JobReader:
    """Reads one job, once or again and again; what cannot change any more is read once."""

    def __init__(self, client: AirflowClient, dag_id: str, run_id: str) -> None:
        self._client, self._dag_id, self._run_id = client, dag_id, run_id
        self._lengths: dict[int, int] = {}

    def read(self, traces: Sequence[Trace] | None = None) -> JobState:
        """Give the job as it is now; `traces` are what its attempts left, where the store can be reached."""
        run = self._client.run(self._dag_id, self._run_id)
        tasks = self._client.task_instances(self._dag_id, self._run_id)
        state = standing(run, tasks)
        self._read_lengths(tasks)
        events = self._events(tasks, traces or [], cancelled=state == "cancelled")
        made = next((event for event in events if event.event in (PROCESS, _MEASURE)), None)
        told = self._told(tasks) if state in ("succeeded", "failed") else {}
        return JobState(
            job_id=self._run_id,
            dag_id=self._dag_id,
            state=state,
            note=run.get("note") or "",
            queued=run.get("queued_at"),
            started=run.get("start_date"),
            ended=run.get("end_date"),
            done=made.done if made and self._lengths else None,
            total=sum(self._lengths.values()) or None,
            events=events,
            attempts=None if traces is None else len(traces),
            output=told.get("output"),
            error=_reason(run, told, traces or []) if state == "failed" else None,
        )

    def _events(self, tasks: list[dict[str, Any]], traces: Sequence[Trace], *, cancelled: bool) -> list[EventState]:
        by_event: dict[str, list[dict[str, Any]]] = {}
        for task in tasks:
            by_event.setdefault(task["task_id"], []).append(task)
        last = {(trace.event, trace.order): trace for trace in traces if not trace.hedge}
        ranks = {name: rank for rank, name in enumerate(_ORDER)}
        return [
            self._event(name, by_event[name], last, cancelled=cancelled)
            for name in sorted(by_event, key=lambda name: ranks.get(name, len(ranks)))
        ]

    def _event(
        self,
        name: str,
        tasks: list[dict[str, Any]],
        last: Mapping[tuple[str, int], Trace],
        *,
        cancelled: bool,
    ) -> EventState:
        known = {"event_id": f"{self._run_id}_{name}", "event": name}
        if tasks[0]["map_index"] < 0:
            (task, *_) = tasks
            done, total = self._frames(task, last.get((name, -1)), None)
            return EventState(
                **known,
                **_times(task),
                state=step(task["state"], cancelled=cancelled),
                attempt=task["try_number"],
                done=done,
                total=total,
            )
        segments = [self._segment(task, last.get((name, task["map_index"])), cancelled=cancelled) for task in tasks]
        segments.sort(key=lambda segment: segment.order)
        totals = [segment.total for segment in segments]
        return EventState(
            **known,
            state=_together([segment.state for segment in segments]),
            attempt=max(segment.attempt for segment in segments),
            done=sum(segment.done or 0 for segment in segments),
            total=None if None in totals else sum(total or 0 for total in totals),
            unit="frames",
            started=min((segment.started for segment in segments if segment.started), default=None),
            ended=_latest(segments),
            segments=segments,
        )

    def _segment(self, task: dict[str, Any], trace: Trace | None, *, cancelled: bool) -> SegmentState:
        order = task["map_index"]
        task = _as_it_was(task, trace) if cancelled else task
        done, total = self._frames(task, trace, self._lengths.get(order))
        return SegmentState(
            segment_id=f"{self._run_id}_{task['task_id']}_{order}",
            order=order,
            label=task.get("rendered_map_index") or "",
            state=step(task["state"], cancelled=cancelled),
            attempt=task["try_number"],
            done=done,
            total=total,
            **_times(task),
        )

    def _frames(self, task: dict[str, Any], trace: Trace | None, length: int | None) -> tuple[int | None, int | None]:
        """Give what is done and what there is to do, as far as it is known."""
        if task["state"] == "running":
            said = self._progress(task)
            return (said.get("done"), length if length is not None else said.get("total")) if said else (None, length)
        if length is not None and task["state"] == "success":
            return length, length
        if trace is not None and trace.attempt == task["try_number"]:
            return trace.done, length if length is not None else trace.total
        return None, length

    def _progress(self, task: dict[str, Any]) -> dict[str, Any]:
        said = self._client.task_state(
            self._dag_id, self._run_id, task["task_id"], "progress", map_index=task["map_index"], default={}
        )
        # An earlier try's word stands there until the present one says something.
        return said if isinstance(said, dict) and said.get("attempt") == task["try_number"] else {}

    def _read_lengths(self, tasks: list[dict[str, Any]]) -> None:
        """Read how many frames each segment has, out of what `cut` gave."""
        cut = next((task for task in tasks if task["task_id"] == "cut"), None)
        if cut is None or cut["state"] != "success":
            self._lengths = {}  # not yet, or it was cleared and may be cut otherwise
        elif not self._lengths:
            segments = self._client.xcom(self._dag_id, self._run_id, "cut", default=[])
            self._lengths = {segment["order"]: segment["frames"] for segment in segments}

    def _told(self, tasks: list[dict[str, Any]]) -> dict[str, Any]:
        if not any(task["task_id"] == LAST and task["state"] == "success" for task in tasks):
            return {}
        told = self._client.xcom(self._dag_id, self._run_id, LAST, default={})
        return told if isinstance(told, dict) else {}


def _as_it_was(task: dict[str, Any], trace: Trace | None) -> dict[str, Any]:
    """Undo what marking a run failed does: where one segment runs, Airflow marks all of that event failed."""
    if task["state"] != "failed":
        return task
    if task["start_date"] == task["end_date"]:  # both are when it was marked
        return task | {"state": "skipped", "start_date": None, "end_date": None}
    whole = trace is not None and trace.outcome == "succeeded" and trace.attempt == task["try_number"]
    return task | {"state": "success"} if whole else task


def _reason(run: Mapping[str, Any], told: Mapping[str, Any], traces: Sequence[Trace]) -> dict[str, str]:
    if str(run.get("note") or "").startswith(FAILED.strip()) and not told:
        return {"code": "ended", "fate": "world", "message": str(run["note"]).removeprefix(FAILED.strip()).strip()}
    errors = [*told.get("errors", []), *(trace.error for trace in reversed(traces) if trace.outcome == "failed")]
    unknown = {"code": "unknown", "fate": "world", "message": "no attempt said why: see the logs of its tasks"}
    return next((error for error in errors if error), unknown)


def _together(states: list[Step]) -> Step:
    return next((state for state in _SUM if state in states), states[0])


def _latest(segments: list[SegmentState]) -> str | None:
    ends = [segment.ended for segment in segments]
    return None if None in ends else max(end for end in ends if end)


def _times(task: Mapping[str, Any]) -> dict[str, Any]:
    return {"started": task.get("start_date"), "ended": task.get("end_date")}
