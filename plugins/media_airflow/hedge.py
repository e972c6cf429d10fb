"""The DAG `hedge`: a second copy of a slow segment of another run; the first result of the two counts."""

from __future__ import annotations

import os
import socket
import time
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, BaseOperator, Param

from media_airflow.lifeline import die_with_supervisor, terminable
from media_airflow.progress import reported

if TYPE_CHECKING:
    from airflow.sdk import Context

    from media_airflow.job import Job
    from media_ops.remote.client import AirflowClient
    from media_ops.requests import ProcessRequest
    from media_ops.worker.attempt import Attempt

DAG_ID = "hedge"
# The copy goes on while its original may still come to an end by itself.
_OPEN = ("running", "queued", "scheduled", "up_for_retry", "restarting", None)

_PAGE = """Started by `watchdog`, not by hand: computes one segment of another run a second time, because it lags far
behind its siblings. Both attempts put their result under the same content key, the first one counts, and the other is
stopped. It fails no job, whatever becomes of it."""


class HedgeOperator(BaseOperator):
    """Compute the segment too; gives `{"outcome"}`: won, lost, called off (there is no need), not kept, failed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._attempt: Attempt[Any] | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the attempt; a failure of it is told, and is nobody's failure."""
        from media_airflow.connection import connected
        from media_airflow.job import place
        from media_ops.errors import MediaError
        from media_ops.remote.login import connect

        die_with_supervisor()
        params = context["params"]
        prefix = place(params["dag_id"], params["run_id"])
        with terminable(), connected():
            try:
                request = self._request(self._job(params, prefix), context)
                with connect() as client:
                    return {"outcome": self._hedge(request, client, context)}
            except MediaError as error:
                self.log.warning("the copy failed, which does no harm: %s: %s", error.code, error)
                return {"outcome": "failed", "error": error.to_record()}

    def on_kill(self) -> None:
        """Airflow's own word for "stop"."""
        if self._attempt is not None:
            self._attempt.kill()

    def _hedge(self, request: ProcessRequest, client: AirflowClient, context: Context) -> str:
        from media_airflow.race import Race, mark_hedge, winner
        from media_ops.errors import MediaError
        from media_ops.storage import open_store
        from media_ops.storage.traces import Trace, keep_trace
        from media_ops.worker.attempt import process_attempt

        params = context["params"]
        if _is_over(client, params):
            return "called off"
        store = open_store(request.store)
        mark_hedge(store, request.prefix, request.segment.order)
        trace = Trace(
            trace_id=request.trace_id,
            job_id=params["run_id"],
            dag_id=params["dag_id"],
            event="process",
            order=request.segment.order,
            hedge=True,
            label=request.segment.label,
            attempt=1,
            host=socket.gethostname(),
            pid=os.getpid(),
            started=time.time(),
        )
        keep_trace(store, request.prefix, trace)
        self._attempt = attempt = process_attempt(request)
        told: dict[str, Any] = {"outcome": "cancelled"}
        try:
            with (
                reported(context) as reporter,
                Race(attempt, request, patience=2, is_over=lambda: _is_over(client, params)) as race,
            ):
                try:
                    result = attempt.run(reporter)
                except MediaError as error:
                    if race.lost or race.called_off:
                        return "lost" if race.lost else "called off"
                    told = {"outcome": "failed", "error": error.to_record()}
                    raise
            mark_hedge(store, request.prefix, request.segment.order, attempt.content_key or "")
            made = not result.reused
            told = {"outcome": "succeeded", "reused": not made, "metrics": result.metrics}
            frames = request.segment.end - request.segment.start
            told |= {"done": frames, "total": frames} if made else {}
            # Nothing is kept of a source that was touched meanwhile: then nobody won.
            first = winner(attempt, request) if made else result.trace_id
            return "won" if first == request.trace_id else "lost" if first else "not kept"
        finally:
            keep_trace(store, request.prefix, trace.model_copy(update={"ended": time.time(), **told}))

    def _job(self, params: Any, prefix: str) -> Job:
        from airflow.sdk.definitions.param import ParamsDict

        from media_airflow.job import read_job
        from media_airflow.params import form
        from media_airflow.settings import Settings
        from media_ops.registry import get

        filled = ParamsDict(form(get(params["dag_id"])))
        filled.update(params["conf"])
        return read_job(params["dag_id"], filled.dump(), Settings.from_environment(), prefix)

    def _request(self, job: Job, context: Context) -> ProcessRequest:
        """Build the request of the original, so that its content key is the same."""
        from media_airflow.operators import process_request

        params, ti = context["params"], context["ti"]

        def gave(task_id: str) -> Any:
            return ti.xcom_pull(task_ids=task_id, dag_id=params["dag_id"], run_id=params["run_id"])

        how = job.algorithm.looks()
        found = None if how == "no" else gave("analyse" if how == "whole" else "conclude")
        segment = gave("cut")[params["map_index"]]
        return process_request(job, segment, gave("probe"), found, str(uuid.uuid4()))


def _is_over(client: AirflowClient, params: Any) -> bool:
    """Whether the original needs no copy any more: its segment or its run has ended, or was cancelled."""
    from media_ops.remote.client import run_path

    path = f"{run_path(params['dag_id'], params['run_id'])}/taskInstances/process/{params['map_index']}"
    return client.get(path)["state"] not in _OPEN


def hedge_dag() -> DAG:
    """Build the DAG."""
    with DAG(
        dag_id=DAG_ID,
        description="Second copies of slow segments; started by the watchdog.",
        doc_md=_PAGE,
        params={
            "dag_id": Param(type="string", title="DAG", description_md="Of the job."),
            "run_id": Param(type="string", title="Run", description_md="The job."),
            "map_index": Param(type="integer", minimum=0, title="Segment", description_md="Its number."),
            "conf": Param({}, type="object", title="Parameters", description_md="Of the job."),
        },
        tags=["operations"],
        schedule=None,
        catchup=False,
        max_active_runs=16,
        default_args={"retries": 0, "execution_timeout": timedelta(days=1)},
    ) as dag:
        HedgeOperator(task_id="hedge")
    return dag
