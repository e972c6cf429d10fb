"""A job's state out of what Airflow answers; the answers are of the shape that 3.3.2 gives."""

from __future__ import annotations

from typing import Any

import pytest

from media_ops.errors import ParamsInvalid
from media_ops.remote.client import ApiNotFound
from media_ops.state.cancelling import cancel_job
from media_ops.state.fate import standing
from media_ops.state.find import find_run
from media_ops.state.reading import JobReader
from media_ops.storage.traces import Trace

DIED = {"code": "child_died", "fate": "world", "message": "killed"}


def task(name: str, state: str | None, index: int = -1, attempt: int = 1) -> dict[str, Any]:
    begun = None if state in (None, "scheduled", "queued", "skipped", "upstream_failed") else "2026-11-22T10:00:00Z"
    over = "2026-11-22T10:00:09Z" if state in ("success", "failed") else None
    where = {"task_id": name, "map_index": index, "try_number": attempt if begun else 0}
    return where | {"state": state, "start_date": begun, "end_date": over, "rendered_map_index": f"part {index}"}


class Answers:
    """Airflow with one run, as the client gives its answers."""

    def __init__(self, state: str, tasks: list[dict[str, Any]], **more: Any) -> None:
        self.state, self.tasks, self.more = state, tasks, more
        self.asked: list[str] = []

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        if run_id != "job":
            raise ApiNotFound("404")
        ended = "2026-11-22T10:01:00Z" if self.state in ("success", "failed") else None
        note = self.more.get("note")
        known = {"dag_run_id": run_id, "dag_id": dag_id, "state": self.state, "note": note, "end_date": ended}
        return known | {"queued_at": None, "start_date": None}

    def runs_named(self, run_id: str) -> list[dict[str, Any]]:
        return [self.run(dag, run_id) for dag in self.more.get("dags", ["d"])] if run_id == "job" else []

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        return self.tasks

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value", *, default: Any) -> Any:
        self.asked.append(task_id)
        if task_id == "cut":
            return [{"order": n, "label": f"part {n}", "frames": 100} for n in range(4)]
        return self.more.get("told", default)

    def task_state(
        self, dag_id: str, run_id: str, task_id: str, key: str, *, map_index: int = -1, default: Any = None
    ) -> Any:
        return self.more.get("progress", {}).get((task_id, map_index), default)


def reader(answers: Answers) -> JobReader:
    return JobReader(answers, "d", "job")  # type: ignore[arg-type]


def trace(order: int, outcome: str, attempt: int = 1, **known: Any) -> Trace:
    words: dict[str, Any] = {"trace_id": f"{order}{attempt}", "job_id": "job", "dag_id": "d", "event": "process"}
    return Trace(**words, order=order, outcome=outcome, attempt=attempt, started=1.0, **known)


def test_frames_of_all_segments_are_summed_while_some_run() -> None:
    segments = [task("process", state, n) for n, state in enumerate(["success", "running", "running", "queued"])]
    segments[2]["try_number"] = 2
    progress = {
        ("process", 1): {"done": 40, "total": 100, "attempt": 1},
        ("process", 2): {"done": 99, "total": 100, "attempt": 1},  # of the try before
    }
    answers = Answers("running", [task("cut", "success"), *segments, task("merge", None)], progress=progress)
    read = reader(answers)
    state = read.read()
    assert (state.state, state.done, state.total, state.percent) == ("running", 140, 400, 35.0)
    cut, process, merge = state.events
    assert [event.event for event in state.events] == ["cut", "process", "merge"]
    assert (cut.state, process.state, merge.state) == ("succeeded", "running", "waiting")
    assert [(one.done, one.total) for one in process.segments] == [(100, 100), (40, 100), (None, 100), (None, 100)]
    assert (process.event_id, process.segments[1].segment_id) == ("job_process", "job_process_1")
    assert state.attempts is None
    assert read.read() == state
    assert answers.asked == ["cut"], "what is known for good is asked for once"


def test_a_total_is_never_invented() -> None:
    tasks = [task("probe", "running"), task("cut", None), task("process", None)]
    state = reader(
        Answers("running", tasks, progress={("probe", -1): {"done": 10, "total": None, "attempt": 1}})
    ).read()
    assert (state.done, state.total, state.percent) == (None, None, None)
    assert (state.events[0].done, state.events[0].total) == (10, None)


def test_a_failed_job_says_why() -> None:
    tasks = [task("cut", "success"), task("process", "failed", 0), task("merge", "upstream_failed")]
    told = {"outcome": "failed", "errors": [{"code": "damaged_media", "fate": "input", "message": "bad"}]}
    state = reader(Answers("failed", [*tasks, task("notify", "success")], told=told)).read()
    assert state.state == "failed"
    assert state.error == told["errors"][0]
    assert [event.state for event in state.events] == ["succeeded", "failed", "blocked", "succeeded"]
    traces = [trace(0, "failed", error=DIED)]
    silent = Answers("failed", [*tasks, task("notify", "failed")])
    assert reader(silent).read(traces).error == DIED
    unknown = reader(silent).read([]).error
    assert unknown is not None
    assert unknown["code"] == "unknown"


def test_marking_a_run_failed_cancels_it_with_a_note_or_without() -> None:
    # Airflow 3.3.2 marks all segments of an event failed of which one runs, finished and waiting ones too.
    segments = [task("process", "failed", n) for n in range(4)]
    segments[3]["start_date"] = segments[3]["end_date"]
    tasks = [task("cut", "success"), *segments, task("merge", "skipped"), task("notify", "skipped")]
    traces = [trace(0, "succeeded", done=100), trace(1, "cancelled", done=30), trace(2, "running")]
    state = reader(Answers("failed", tasks)).read(traces)
    assert (state.state, state.error, state.done) == ("cancelled", None, 130)
    process = next(event for event in state.events if event.event == "process")
    assert [one.state for one in process.segments] == ["succeeded", "cancelled", "cancelled", "skipped"]

    def how(notify: str, note: str | None = None) -> str:
        return standing({"state": "failed", "note": note}, [task("process", "failed", 0), task("notify", notify)])

    assert (how("skipped"), how("success"), how("failed")) == ("cancelled", "failed", "failed")
    assert how("failed", "cancelled: no longer wanted") == "cancelled"
    assert how("skipped", "failed: its deadline has passed") == "failed"
    ended = reader(Answers("failed", tasks, note="failed: its deadline has passed")).read(traces)
    assert ended.error == {"code": "ended", "fate": "world", "message": "its deadline has passed"}
    assert how("success", "cancelled: no longer wanted") == "failed", "cleared, and ended by itself"
    assert how("success", "somebody's remark") == "failed"
    assert standing({"state": "failed", "note": None}, []) == "failed"


@pytest.mark.parametrize(
    ("merge", "notify", "stands"),
    [
        ("success", "success", "succeeded"),
        ("success", "skipped", "succeeded"),  # cancelled while it merged, then its failed tasks cleared
        ("skipped", "success", "succeeded"),  # answered with what was made before
        ("skipped", "skipped", "cancelled"),
        ("failed", "skipped", "cancelled"),
    ],
)
def test_a_run_that_airflow_calls_a_success_is_one_only_with_a_result(merge: str, notify: str, stands: str) -> None:
    tasks = [task("merge", merge), task("notify", notify), task("published", "skipped")]
    assert standing({"state": "success", "note": None}, tasks) == stands


def test_a_job_is_found_by_its_id_or_its_dag_is_asked_for() -> None:
    answers: Any = Answers("running", [])
    assert find_run(answers, "job")["dag_id"] == "d"
    assert find_run(answers, "job", "x")["dag_id"] == "x"
    two: Any = Answers("running", [], dags=["b", "a"])
    with pytest.raises(ParamsInvalid, match="--dag, one of a, b"):
        find_run(two, "job")
    for dag in (None, "d"):
        with pytest.raises(ParamsInvalid, match="there is no job 'other'"):
            find_run(answers, "other", dag)


@pytest.mark.parametrize(("state", "words"), [("success", "it succeeded at 2026"), ("failed", "it failed at 2026")])
def test_what_is_over_cannot_be_cancelled(state: str, words: str) -> None:
    answers: Any = Answers(state, [task("notify", "success")])
    with pytest.raises(ParamsInvalid, match=words):
        cancel_job(answers, answers.run("d", "job"))
