"""Every attempt leaves a trace, and nothing about a trace stops the work."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media_ops.errors import ChildDied, StoreUnavailable
from media_ops.state.place import place as place_of
from media_ops.storage import open_store
from media_ops.storage.traces import Trace, traces_of
from tests.dags.conftest import Place, Run
from tests.dags.test_reuse import pulled
from tests.dags.test_run import link

RunJob = Callable[..., Run]


def left_by(done: Run, place: Place, dag: str = "transcode_h264") -> list[Trace]:
    return traces_of(open_store(str(place.store / "media-segment")), place_of(dag, done.run_id))


@pytest.mark.airflow
def test_a_run_leaves_a_trace_of_each_attempt(run: RunJob, place: Place, clip: Path) -> None:
    began = time.time()
    done = run(source=link(clip, place.root), output=str(place.root / "out.mp4"), segments=3, preset="ultrafast")
    traces = left_by(done, place)
    assert sorted(trace.event for trace in traces if trace.order < 0) == ["audio", "cut", "merge", "probe"]
    made = sorted((trace for trace in traces if trace.event == "process"), key=lambda trace: trace.order)
    results = pulled(done, "process")
    assert [trace.trace_id for trace in made] == [result["trace_id"] for result in results]
    assert [(trace.done, trace.total, trace.label) for trace in made] == [
        (50, 50, label) for label in done.labels("process")
    ]
    for trace in traces:
        assert (trace.outcome, trace.attempt, trace.error, trace.job_id) == ("succeeded", 1, None, done.run_id)
        assert trace.ended is not None
        assert began <= trace.started < trace.ended <= time.time()
        assert trace.pid
        assert trace.host
    for trace, result in zip(made, results, strict=True):
        race = {"watching_cpu_seconds": trace.metrics.watching_cpu_seconds}  # who looked for another was not over yet
        assert trace.metrics.model_dump() == result["metrics"] | race
        assert result["metrics"]["watching_cpu_seconds"] >= race["watching_cpu_seconds"] - 1e-4 > 0
        assert trace.metrics.cpu_seconds > 0.1


@pytest.mark.airflow
def test_what_was_made_again_is_in_the_jobs_result(
    run: RunJob, place: Place, silent_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from media_airflow.operators import MergeOperator

    work, tries = MergeOperator.work, []

    def die_first(self: Any, job: Any, context: Any) -> Any:
        tries.append(self.trace_id)
        if len(tries) == 1:
            raise ChildDied("merge: the worker process was ended by SIGKILL: it said nothing")
        return work(self, job, context)

    monkeypatch.setattr(MergeOperator, "work", die_first)
    done = run(
        source=link(silent_clip, place.root), output=str(place.root / "o.mp4"), slice=False, preset="ultrafast"
    )
    assert (done.state, done.tries("merge")) == ("success", [2])
    first, second = [trace for trace in left_by(done, place) if trace.event == "merge"]
    assert [first.trace_id, second.trace_id] == tries
    assert (first.outcome, first.attempt, second.outcome, second.attempt) == ("failed", 1, "succeeded", 2)
    assert first.metrics.wall_seconds >= 0
    (retry,) = done.outcome["retries"]
    message = "merge: the worker process was ended by SIGKILL: it said nothing"
    where = {"event": "merge", "order": -1, "attempt": 1}
    assert retry == where | {"code": "child_died", "fate": "world", "message": message}
    assert done.outcome["attempts"] == len(left_by(done, place))


@pytest.mark.airflow
def test_the_task_s_span_has_our_ids_and_each_attempt_a_span_below_it(
    run: RunJob, place: Place, silent_clip: Path
) -> None:
    from opentelemetry import trace as otel
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = otel.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        otel.set_tracer_provider(provider := TracerProvider())
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with otel.get_tracer("test").start_as_current_span("worker") as worker:
        done = run(source=link(silent_clip, place.root), segments=2, preset="ultrafast")
    assert done.state == "success"
    spans = {f"{known.span_id:016x}": s for s in exporter.get_finished_spans() if (known := s.get_span_context())}
    traces = left_by(done, place)
    assert {trace.event for trace in traces} == {"probe", "cut", "process", "audio", "merge"}
    for trace in traces:
        span = spans[trace.otel_span]
        assert span.parent is not None
        known = worker.get_span_context()
        assert known is not None
        assert span.parent.span_id == known.span_id
        assert f"{known.trace_id:032x}" == trace.otel_trace
        wanted = {"media.job_id": done.run_id, "media.event_id": trace.event_id, "media.trace_id": trace.trace_id}
        if trace.segment_id:
            wanted["media.segment_id"] = trace.segment_id
        assert dict(span.attributes or {}) == wanted
    (task,) = (span for span in spans.values() if span.name == "worker")
    assert (task.attributes or {})["media.job_id"] == done.run_id


class Ti:
    task_id, map_index, try_number = "process", 4, 2


class Dag:
    dag_id = "transcode_h264"


CONTEXT: Any = {"ti": Ti(), "dag": Dag(), "run_id": "job"}


def kept(store: str) -> Trace:
    (trace,) = traces_of(open_store(store), "p")
    return trace


def test_an_attempt_is_seen_while_it_runs() -> None:
    from media_airflow.traced import traced

    with traced(CONTEXT, "memory://seen", "p", label="a part") as one:
        deadline = time.monotonic() + 5
        while not traces_of(open_store("memory://seen"), "p") and time.monotonic() < deadline:
            time.sleep(0.01)
        seen = kept("memory://seen")
    assert (seen.outcome, seen.ended, seen.trace_id) == ("running", None, one.trace_id)
    assert (seen.event, seen.order, seen.attempt, seen.label) == ("process", 4, 2, "a part")
    assert (seen.otel_trace, seen.otel_span) == ("", "")
    assert kept("memory://seen").outcome == "succeeded"


@pytest.mark.parametrize(
    ("error", "outcome", "code", "fate"),
    [
        (ChildDied("x"), "failed", "child_died", "world"),
        (OSError("x"), "failed", "OSError", "world"),
        (KeyError("x"), "failed", "KeyError", "ours"),
    ],
)
def test_a_failed_attempt_keeps_what_is_known(error: Exception, outcome: str, code: str, fate: str) -> None:
    from media_airflow.traced import traced
    from media_ops.worker.attempt import Progress

    def fail() -> None:
        with traced(CONTEXT, f"memory://{code}", "p") as one:
            one.progress(Progress(7, 50))
            time.sleep(0.05)
            raise error

    with pytest.raises(type(error)):
        fail()
    trace = kept(f"memory://{code}")
    assert (trace.outcome, trace.done, trace.total) == (outcome, 7, 50)
    assert trace.error is not None
    assert (trace.error["code"], trace.error["fate"]) == (code, fate)
    assert 0.05 <= trace.metrics.wall_seconds < 5


def test_a_terminated_attempt_was_cancelled_and_a_skipped_one_failed_not() -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    from media_airflow.lifeline import Terminated
    from media_airflow.traced import traced

    def end(how: BaseException) -> None:
        with traced(CONTEXT, f"memory://{type(how).__name__}", "p"):
            raise how

    for how in (Terminated("told to stop by SIGTERM"), AirflowSkipException("nothing to do")):
        with pytest.raises(type(how)):
            end(how)
    assert kept("memory://Terminated").outcome == "cancelled"
    assert kept("memory://AirflowSkipException").outcome == "succeeded"


def test_a_store_that_refuses_or_never_answers_stops_nobody(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from media_airflow import traced as module

    monkeypatch.setattr(module, "PATIENCE", 0.3)

    def refuse(trace: Trace) -> None:
        raise StoreUnavailable("the store is away")

    def hang(trace: Trace) -> None:
        time.sleep(30)

    for keep, words in ((refuse, "the store is away"), (hang, "nobody answers")):
        caplog.clear()
        one = module.Traced(Trace(trace_id="t", job_id="j", dag_id="d", event="e", started=time.time()), keep)
        began = time.monotonic()
        with caplog.at_level(logging.WARNING):
            one.begin()
            one.end()
        assert time.monotonic() - began < 2
        assert words in caplog.text


def test_a_task_that_was_told_to_stop_before_it_began_does_not_begin(place: Place) -> None:
    from media_airflow.lifeline import Terminated
    from media_airflow.operators import CutOperator

    task = CutOperator(task_id="cut", algorithm="transcode_h264", probe=None)
    task.on_kill()
    with pytest.raises(Terminated, match="before it began"):
        type(task).execute.__wrapped__(task, CONTEXT)  # type: ignore[attr-defined]  # Airflow guards the call
    assert place.leftovers() == []
