"""What every task of a job has in common."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.sdk import BaseOperator

from media_airflow.lifeline import Terminated, die_with_supervisor, terminable
from media_airflow.progress import reported
from media_airflow.traced import Traced, traced
from media_ops.errors import MediaError, OurError
from media_ops.model import Noun
from media_ops.requests import Fence

if TYPE_CHECKING:
    from airflow.sdk import Context

    from media_airflow.job import Job
    from media_ops.worker.attempt import Attempt

R = TypeVar("R", bound=Noun)

ERROR_KEY = "error"


class JobTask(BaseOperator):
    """One task of a job of `algorithm`: reads the request, runs one verb, returns a small record."""

    def __init__(self, *, algorithm: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.algorithm = algorithm
        self._attempt: Attempt[Any] | None = None
        self._traced: Traced | None = None
        self._told_to_stop = False

    @abstractmethod
    def work(self, job: Job, context: Context) -> Any:
        """Do the task's part and give what XCom is to carry."""

    def execute(self, context: Context) -> Any:
        """Run `work`; a `MediaError` is logged as its one sentence and left in XCom for whoever asks why."""
        from media_airflow.connection import connected
        from media_airflow.job import place, read_job
        from media_airflow.settings import Settings

        die_with_supervisor()
        try:
            with terminable(), connected():
                if self._told_to_stop:
                    raise Terminated("told to stop before it began")
                settings = Settings.from_environment()
                prefix = place(context["dag"].dag_id, context["run_id"])
                with traced(context, settings.store, prefix, label=self.about()) as self._traced:
                    return self.work(read_job(self.algorithm, context["params"], settings, prefix), context)
        except MediaError as error:
            alarm = "ALARM: we broke a promise: " if isinstance(error, OurError) else ""
            self.log.error("%s%s: %s", alarm, error.code, error)
            with contextlib.suppress(Exception):
                context["ti"].xcom_push(ERROR_KEY, error.to_record())
            raise

    @property
    def trace_id(self) -> str:
        """Id of the attempt that runs now."""
        assert self._traced is not None
        return self._traced.trace_id

    def about(self) -> str:
        """Say which part of the film this is about, if it is about one."""
        segment = getattr(self, "segment", None)
        return str(segment["label"]) if isinstance(segment, dict) and "label" in segment else ""

    def run_attempt(self, attempt: Attempt[R], context: Context) -> R:
        """Run an attempt, its progress shown while it lasts; whatever ends this task ends the attempt's processes."""
        self._attempt = attempt
        with reported(context, self._traced.progress if self._traced else None) as reporter:
            result = attempt.run(reporter)
        if self._traced:
            self._traced.result(result)
        return result

    def fence(self, job: Job, context: Context) -> Fence:
        """Number this attempt, so that an earlier one that lives on publishes nothing."""
        ti = context["ti"]
        # A run that was deleted and made again under its name counts its attempts from one.
        run = context["dag_run"].run_after.strftime("%Y%m%dT%H%M%S.%f")
        place = f"{job.prefix}/fences/{run}/{self.task_id}"
        order = ti.map_index if ti.map_index is not None and ti.map_index >= 0 else 0
        return Fence(place=f"{place}/{order:05d}", attempt=ti.try_number, trace_id=self.trace_id)

    def on_kill(self) -> None:
        """Airflow's own word for "stop": for a task's time limit, and for a SIGTERM that comes before `execute`."""
        self._told_to_stop = True
        if self._attempt is not None:
            self._attempt.kill()
