from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from media_ops import errors


def leaves(kind: type[errors.MediaError]) -> list[type[errors.MediaError]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in leaves(child))]


def decide(error: BaseException, try_number: int = 1) -> Any:
    from media_airflow.retry import RETRY_POLICY

    return RETRY_POLICY.evaluate(error, try_number=try_number, max_tries=3)


@pytest.mark.parametrize("kind", leaves(errors.InputError) + leaves(errors.OurError))
def test_the_inputs_faults_and_ours_are_never_retried(kind: type[errors.MediaError]) -> None:
    assert decide(kind("x")).action.value == "fail"


KILLED = [errors.ChildDied, errors.MemoryExceeded, errors.Stalled]


@pytest.mark.parametrize("kind", leaves(errors.WorldError))
def test_the_worlds_faults_are_retried_what_was_killed_at_once(kind: type[errors.MediaError]) -> None:
    pauses = []
    for try_number in (1, 2, 3):
        decision = decide(kind("x"), try_number)
        assert decision.action.value == "retry"
        pauses.append(decision.retry_delay.total_seconds())
    assert pauses == ([0, 0, 0] if kind in KILLED else [3, 12, 48])


def test_a_task_that_was_killed_itself_is_retried_at_once() -> None:
    from media_airflow.dag import media_dag
    from media_ops.registry import get

    assert {task.retry_delay.total_seconds() for task in media_dag(get("transcode_h264")).tasks} == {0}


def test_bugs_are_not_retried_and_the_rest_is() -> None:
    from media_airflow.lifeline import Terminated

    assert {decide(bug).action.value for bug in (TypeError(), KeyError(), ZeroDivisionError(), ImportError())} == {
        "fail"
    }
    assert [decide(fault).retry_delay.total_seconds() for fault in (OSError(), RuntimeError())] == [3, 3]
    assert decide(Terminated()).action.value == "default"


def test_the_policy_survives_serialisation() -> None:
    from airflow.sdk import ExceptionRetryPolicy

    from media_airflow.retry import RETRY_POLICY

    copy = ExceptionRetryPolicy.deserialize(RETRY_POLICY.serialize())
    assert copy.evaluate(errors.ChildDied("x"), 1, 3).action.value == "retry"
    assert copy.evaluate(errors.NotMedia("x"), 1, 3).action.value == "fail"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Record:
    def __init__(self) -> None:
        self.written: list[Any] = []

    def set(self, key: str, value: Any) -> None:
        self.written.append((key, value))


def test_progress_is_written_once_a_second_and_at_the_end() -> None:
    from media_airflow.progress import ProgressReporter
    from media_ops.worker.attempt import Progress

    clock, store = Clock(), Record()
    reporter = ProgressReporter(store, clock)
    for done in range(26):
        clock.now = done / 10
        reporter(Progress(done, 25))
    reporter.flush()
    reporter.flush()
    assert [(key, value["done"]) for key, value in store.written] == [("progress", n) for n in (0, 10, 20, 25)]
    assert store.written[-1][1] == {"done": 25, "total": 25, "elapsed": 2.5}


def test_progress_that_cannot_be_written_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    from media_airflow.progress import ProgressReporter
    from media_ops.worker.attempt import Progress

    class Broken:
        calls = 0

        def set(self, key: str, value: Any) -> None:
            self.calls += 1
            raise ConnectionError("no API server")

    clock, store = Clock(), Broken()
    reporter = ProgressReporter(store, clock)
    with caplog.at_level(logging.WARNING):
        for second in range(5):
            clock.now = second
            reporter(Progress(second))
        assert store.calls == 1
        clock.now = 12
        reporter(Progress(12))
    assert store.calls == 2, "who is away may come back"
    ProgressReporter(None)(Progress(1))


def test_sigterm_raises_once_and_the_old_handler_comes_back() -> None:
    from media_airflow.lifeline import Terminated, terminable

    before = signal.getsignal(signal.SIGTERM)
    steps = []

    def stopped_twice() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)
            steps.append("cleaned up")

    with pytest.raises(Terminated), terminable():
        stopped_twice()
    assert steps == ["cleaned up"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_terminated_task_takes_its_child_along() -> None:
    from media_airflow.lifeline import Terminated, terminable
    from media_ops.requests import ProbeRequest, ProbeResult
    from media_ops.worker.attempt import Attempt

    class Sleeper(Attempt[ProbeResult]):
        def _start(self, scratch: Path, stderr: Any) -> subprocess.Popen[str]:
            program = "import os, time; time.sleep(1); os.kill(os.getppid(), 15); time.sleep(60)"
            self._child = subprocess.Popen(
                [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, process_group=0
            )
            return self._child

    attempt = Sleeper("probe", ProbeRequest(source="s", store="s", prefix="p"), ProbeResult)
    began = time.monotonic()
    with pytest.raises(Terminated), terminable():
        attempt.run()
    assert time.monotonic() - began < 5
    assert attempt.pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(attempt.pid, 0)


def test_intermediate_objects_are_deleted_and_records_kept() -> None:
    from media_ops.state.clearing import forget
    from media_ops.storage import open_store

    store = open_store("memory://forget")
    for order in range(1100):
        store.put(f"jobs/d/1/segments/{order:05d}/t.nut", b"x")
    for key in ("jobs/d/1/index", "jobs/d/10/segments/00000/t.nut"):
        store.put(key, b"x")
    assert forget(store, "jobs/d/1/segments/") == 1100
    assert [found.key for found in store.list()] == ["jobs/d/1/index", "jobs/d/10/segments/00000/t.nut"]
