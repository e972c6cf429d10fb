"""The DAGs `watchdog` and `hedge`, and the field of the form."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.dags.conftest import REPOSITORY, Place

pytestmark = pytest.mark.airflow


def test_it_looks_each_minute_one_at_a_time(dags: dict[str, Any]) -> None:
    dag = dags["watchdog"]
    assert (dag.schedule, dag.catchup, dag.max_active_runs) == ("* * * * *", False, 1)
    assert dag.dagrun_timeout == timedelta(minutes=5)
    assert "media" not in dag.tags  # it does not look at itself
    assert [(task.task_id, task.retries, task.pool) for task in dag.tasks] == [("watch", 0, "default_pool")]


def test_it_has_a_pool_and_a_queue_of_its_own_where_there_are_such(monkeypatch: pytest.MonkeyPatch) -> None:
    from media_airflow.watchdog.dag import watchdog_dag

    monkeypatch.setenv("MEDIA_OPS_WATCHDOG_POOL", "watchdog")
    monkeypatch.setenv("MEDIA_OPS_WATCHDOG_QUEUE", "control")
    assert [(task.pool, task.queue) for task in watchdog_dag().tasks] == [("watchdog", "control")]


def test_a_copy_is_never_retried_nor_looked_at(dags: dict[str, Any]) -> None:
    dag = dags["hedge"]
    assert (dag.schedule, [task.retries for task in dag.tasks]) == (None, [0])
    assert "media" not in dag.tags


def test_they_are_the_same_each_time() -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    from media_airflow.hedge import hedge_dag
    from media_airflow.watchdog.dag import watchdog_dag

    builds: list[Any] = [hedge_dag, watchdog_dag]
    for build in builds:
        build().validate()
        assert DagSerialization.serialize_dag(build()) == DagSerialization.serialize_dag(build())


def test_without_a_login_it_fails_once_and_says_so(
    database: None, place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from media_airflow.watchdog.dag import watchdog_dag

    for name in ("URL", "USER", "PASSWORD"):
        monkeypatch.delenv(f"MEDIA_OPS_AIRFLOW_{name}", raising=False)
    monkeypatch.setenv("MEDIA_OPS_AIRFLOW_LOGIN", str(tmp_path / "none.json"))
    runs = [watchdog_dag().test() for _ in range(3)]
    assert [str(run.state) for run in runs] == ["failed", "success", "success"]
    assert [str(run.get_task_instances()[0].state) for run in runs] == ["failed", "skipped", "skipped"]


def test_a_deadline_is_a_field_of_every_form(dags: dict[str, Any]) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    from media_airflow.params import form
    from media_ops.registry import all_algorithms

    for algorithm in all_algorithms().values():
        field = form(algorithm)["deadline_minutes"]
        assert field.resolve() is None
        assert field.resolve(90) == 90
        for wrong in (0, 1.5, "90"):
            with pytest.raises(ParamValidationError):
                field.resolve(wrong)


def test_parsing_them_is_cheap() -> None:
    program = """
import sys, runpy
for path in sys.argv[1:]:
    runpy.run_path(path)
print(*sorted({"av", "cv2", "numpy", "minio", "boto3", "httpx"} & sys.modules.keys()), "media_airflow" in sys.modules)
"""
    files = [str(REPOSITORY / "dags" / name) for name in ("watchdog.py", "hedge.py")]
    told = subprocess.run([sys.executable, "-c", program, *files], check=True, capture_output=True, text=True).stdout
    assert "av" not in told.split()
    assert told.splitlines()[-1].split()[-1] == "True"
    assert not {"cv2", "numpy", "minio", "boto3"} & set(told.split())


def test_on_a_worker_only_the_asked_dag_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    import runpy

    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "another")
    for name in ("watchdog", "hedge"):
        assert name not in runpy.run_path(str(REPOSITORY / "dags" / f"{name}.py"))
