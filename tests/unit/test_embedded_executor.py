from __future__ import annotations

import logging
import sys

import pytest

from media_airflow import supervisor_patch
from media_airflow.executor import TiedLocalExecutor, preload


class Process:
    """Stands for a task's process in Airflow's supervisor, as far as the patch looks at it."""

    def __init__(self, sockets: list[str], exit_code: int | None) -> None:
        self._open_sockets = sockets
        self._exit_code = exit_code


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replace the patched method by one that notes for how long it would have waited."""
    from airflow.sdk.execution_time.supervisor import WatchedSubprocess

    seconds: list[float] = []

    def service(self: Process, max_wait_time: float, **options: object) -> None:
        seconds.append(max_wait_time)

    monkeypatch.setattr(WatchedSubprocess, "_service_subprocess", service)
    return seconds


def call(process: Process, seconds: float) -> None:
    from airflow.sdk.execution_time.supervisor import WatchedSubprocess

    WatchedSubprocess._service_subprocess(process, seconds)  # type: ignore[arg-type]


def test_only_a_task_without_sockets_is_asked_often(waited: list[float]) -> None:
    assert supervisor_patch.patch_supervisor()
    call(Process([], None), 5)
    call(Process(["logs"], None), 5)
    call(Process([], 0), 5)
    call(Process([], None), 0.01)
    assert waited == [0.02, 5, 5, 0.01]


def test_patching_twice_is_patching_once(waited: list[float]) -> None:
    from airflow.sdk.execution_time.supervisor import WatchedSubprocess

    assert supervisor_patch.patch_supervisor()
    once = WatchedSubprocess._service_subprocess
    assert supervisor_patch.patch_supervisor()
    assert WatchedSubprocess._service_subprocess is once


def test_another_version_is_left_alone(
    waited: list[float], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(supervisor_patch.TESTED_WITH, "apache-airflow-task-sdk", "9.9")
    with caplog.at_level(logging.WARNING):
        assert not supervisor_patch.patch_supervisor()
    call(Process([], None), 5)
    assert waited == [5]
    assert "busy" in caplog.text


def test_the_executor_serves_no_logs() -> None:
    assert TiedLocalExecutor.serve_logs is False


def test_a_missing_module_does_not_stop_the_scheduler(caplog: pytest.LogCaptureFixture) -> None:
    sys.modules.pop("this", None)
    with caplog.at_level(logging.WARNING):
        preload("string, no_such_module ,")
    assert "no_such_module" in caplog.text
