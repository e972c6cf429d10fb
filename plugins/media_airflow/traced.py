"""The trace that each attempt at a task leaves, and its span where Airflow's OpenTelemetry is on."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from media_airflow.latest import Latest
from media_airflow.lifeline import Terminated
from media_ops.errors import MediaError
from media_ops.model import Metrics, SegmentResult

if TYPE_CHECKING:
    from airflow.sdk import Context

    from media_ops.storage.traces import Trace
    from media_ops.worker.attempt import Progress

log = logging.getLogger(__name__)

PATIENCE = 2.0  # seconds that the end of an attempt waits for a store; a cancelled task is killed after 5


class Traced:
    """One attempt's trace: written when it starts, and again when it ends. Nothing about it fails the work."""

    def __init__(self, trace: Trace, keep: Callable[[Trace], None]) -> None:
        self.trace = trace
        self._keeper = Latest(keep, "the trace")

    @property
    def trace_id(self) -> str:
        """The id, which requests to children carry too."""
        return self.trace.trace_id

    def note(self, **known: Any) -> None:
        """Add what is known by now."""
        self.trace = self.trace.model_copy(update=known)

    def progress(self, progress: Progress) -> None:
        """Note how far the attempt is; written with its end only."""
        self.note(done=progress.done, total=progress.total)

    def result(self, result: Any) -> None:
        """Note what a verb gave."""
        metrics = getattr(result, "metrics", None)
        self.note(metrics=metrics if isinstance(metrics, Metrics) else self.trace.metrics)
        if isinstance(result, SegmentResult):
            frames = result.end - result.start
            self.note(done=frames, total=frames, reused=result.reused)

    def begin(self) -> None:
        """Write that it runs."""
        self._keeper.put(self.trace)

    def end(self) -> None:
        """Write how it ended, and wait a little for that."""
        self.note(ended=time.time())
        if not self.trace.metrics.wall_seconds:
            wall = round((self.trace.ended or 0.0) - self.trace.started, 3)
            self.note(metrics=self.trace.metrics.model_copy(update={"wall_seconds": wall}))
        self._keeper.put(self.trace)
        self._keeper.close(PATIENCE)


@contextlib.contextmanager
def traced(context: Context, store: str, prefix: str, *, label: str = "") -> Iterator[Traced]:
    """Trace what the block does; how it ends is how the attempt ended."""
    from media_ops.storage.traces import Trace

    ti = context["ti"]
    order = -1 if ti.map_index is None else ti.map_index
    trace = Trace(
        trace_id=str(uuid.uuid4()),
        job_id=context["run_id"],
        dag_id=context["dag"].dag_id,
        event=ti.task_id,
        order=order,
        attempt=ti.try_number,
        label=label,
        host=socket.gethostname(),
        pid=os.getpid(),
        started=time.time(),
    )
    with _span(trace) as ids:
        one = Traced(trace.model_copy(update=ids), _keeping(store, prefix))
        one.begin()
        try:
            yield one
        except BaseException as error:
            one.note(**_fate(error))
            raise
        else:
            one.note(outcome="succeeded")
        finally:
            one.end()


def _keeping(store: str, prefix: str) -> Callable[[Trace], None]:
    def keep(trace: Trace) -> None:
        from media_ops.storage import open_store
        from media_ops.storage.traces import keep_trace

        keep_trace(open_store(store), prefix, trace)

    return keep


def _fate(error: BaseException) -> dict[str, Any]:
    from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped

    if isinstance(error, DownstreamTasksSkipped):  # the request was answered before
        return {"outcome": "succeeded", "reused": True}
    if isinstance(error, AirflowSkipException):  # nothing was to be done
        return {"outcome": "succeeded"}
    if isinstance(error, Terminated):
        return {"outcome": "cancelled", "error": _record("terminated", "world", error)}
    if isinstance(error, MediaError):
        return {"outcome": "failed", "error": error.to_record()}
    return {"outcome": "failed", "error": _record(type(error).__name__, "ours" if _is_bug(error) else "world", error)}


def _is_bug(error: BaseException) -> bool:
    from airflow.sdk import RetryAction

    from media_airflow.retry import RETRY_POLICY

    return RETRY_POLICY.evaluate(error, 1, 1).action is RetryAction.FAIL


def _record(code: str, fate: str, error: BaseException) -> dict[str, str]:
    return {"code": code, "fate": fate, "message": " ".join(str(error).split())[:500] or code}


@contextlib.contextmanager
def _span(trace: Trace) -> Iterator[dict[str, str]]:
    """Open a span below the task's, where OpenTelemetry records that; give the ids of it."""
    from opentelemetry import trace as otel

    task = otel.get_current_span()
    if not task.is_recording():
        yield {}
        return
    ours = {"media.job_id": trace.job_id, "media.event_id": trace.event_id, "media.trace_id": trace.trace_id}
    if trace.segment_id:
        ours["media.segment_id"] = trace.segment_id
    task.set_attributes(ours)
    with otel.get_tracer("media_ops").start_as_current_span(f"media.{trace.event}", attributes=ours) as span:
        known = span.get_span_context()
        yield {"otel_trace": f"{known.trace_id:032x}", "otel_span": f"{known.span_id:016x}"}
