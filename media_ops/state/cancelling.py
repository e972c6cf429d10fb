"""Cancel a job, and wait until nothing of it runs any more."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from media_ops.errors import ParamsInvalid
from media_ops.model import Noun
from media_ops.state.fate import CANCELLED, standing

if TYPE_CHECKING:
    from media_ops.remote.client import AirflowClient
    from media_ops.storage.traces import Trace

POLL = 0.2
_BUSY = ("running", "queued", "restarting", "deferred")
_WAITING = (None, "scheduled", "queued", "up_for_retry")


class Cancelled(Noun):
    """What was stopped."""

    job_id: str
    dag_id: str
    note: str
    stopped: list[str] = Field(description="Events and segments that were being worked on.")
    never_started: int = Field(description="Tasks that were waiting.")
    still_running: list[str] = Field([], description="What had not been heard to end when waiting was given up.")
    seconds: float = Field(description="Until the last attempt was heard to have ended.")
    deleted: int | None = Field(
        None, description="Objects that are gone from the store; None where it was not there."
    )


def cancel_job(
    client: AirflowClient,
    run: dict[str, Any],
    reason: str = "",
    *,
    patience: float = 20,
    traces: Callable[[], Sequence[Trace]] | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> Cancelled:
    """Mark the job's run failed, its note saying cancelled, and wait at most `patience` seconds for its attempts.

    Airflow calls tasks ended at once, while their processes hear of it at their next heartbeat: that an attempt is
    over is known from its trace, which `traces` reads, or from its process, where that was one of this machine.
    Raises `ParamsInvalid` if the job has ended.
    """
    dag_id, job = run["dag_id"], run["dag_run_id"]
    tasks = client.task_instances(dag_id, job)
    if run["state"] in ("success", "failed"):
        raise ParamsInvalid(f"the job {job!r} of {dag_id} is over already: it {_ended(run, tasks)}")
    running = {_name(task): task for task in tasks if task["state"] == "running"}
    waiting = sum(task["state"] in _WAITING for task in tasks)
    began = time.monotonic()
    note = CANCELLED + (reason or "by media cancel")
    client.cancel(dag_id, job, note)
    report(f"told {len(running)} tasks to stop")
    told = ""
    while True:
        left = _left(client, dag_id, job, traces, running)
        seconds = time.monotonic() - began
        if not left or seconds > patience:
            break
        if (word := f"waiting for {', '.join(left[:5])}{' and others' if len(left) > 5 else ''}") != told:
            report(told := word)
        time.sleep(POLL)
    return Cancelled(
        job_id=job,
        dag_id=dag_id,
        note=note,
        stopped=sorted(running),
        never_started=waiting,
        still_running=left,
        seconds=round(seconds, 2),
    )


def _ended(run: dict[str, Any], tasks: list[dict[str, Any]]) -> str:
    state = standing(run, tasks)
    return f"{'was cancelled' if state == 'cancelled' else state} at {run['end_date']}"


def _left(
    client: AirflowClient,
    dag_id: str,
    job: str,
    traces: Callable[[], Sequence[Trace]] | None,
    running: dict[str, dict[str, Any]],
) -> list[str]:
    """Name what may still run."""
    left = {_name(task) for task in client.task_instances(dag_id, job) if task["state"] in _BUSY}
    if traces is None:
        left |= {name for name, task in running.items() if _is_here(task["hostname"], task["pid"])}
    else:
        left |= {
            _called(trace.event, trace.order)
            for trace in traces()
            if trace.outcome == "running" and (trace.host != socket.gethostname() or _is_here(trace.host, trace.pid))
        }
    return sorted(left)


def _is_here(host: str | None, pid: int | None) -> bool:
    """Whether the process is one of this machine, and lives."""
    import psutil

    return bool(pid) and host == socket.gethostname() and psutil.pid_exists(pid or 0)


def _name(task: dict[str, Any]) -> str:
    return _called(task["task_id"], task["map_index"])


def _called(event: str, order: int) -> str:
    return f"{event} {order}" if order >= 0 else event
