"""The DAG `janitor`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from media_ops.storage.folder import FolderStore
from media_ops.storage.lifecycle import initialise
from media_ops.storage.roles import Stores, read_stores
from tests.dags.conftest import REPOSITORY, Place

pytestmark = pytest.mark.airflow


@pytest.fixture
def stores(place: Place, monkeypatch: pytest.MonkeyPatch) -> Stores:
    monkeypatch.delenv("MEDIA_OPS_STORAGE_CONFIG", raising=False)
    stores = read_stores()
    initialise(stores)
    return stores


def test_it_runs_each_hour_one_at_a_time(dags: dict[str, Any]) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    from media_airflow.janitor import janitor_dag
    from media_airflow.retry import RETRY_POLICY

    dag = dags["janitor"]
    assert (dag.schedule, dag.catchup, dag.max_active_runs) == ("@hourly", False, 1)
    assert dag.dagrun_timeout == timedelta(hours=6)
    assert [task.retry_policy for task in dag.tasks] == [RETRY_POLICY]
    dag.validate()
    assert DagSerialization.serialize_dag(janitor_dag()) == DagSerialization.serialize_dag(janitor_dag())


def test_a_run_deletes_what_is_too_old_and_says_so(database: None, stores: Stores) -> None:
    store = FolderStore(stores.result.store)
    for key, days in (("old", 22), ("young", 20)):
        store.put(key, b"12345")
        os.utime(store.path(key) or "", (time.time() - days * 86400,) * 2)
    run = _run()
    assert str(run.state) == "success"
    assert [stat.key for stat in store.list()] == ["young"]
    told = run.get_task_instances()[0].xcom_pull(task_ids="tidy")
    assert [one["role"] for one in told] == ["source", "result", "segment"]
    assert {name: told[1][name] for name in ("deleted", "deleted_bytes", "kept")} == {
        "deleted": 1,
        "deleted_bytes": 5,
        "kept": 1,
    }


def test_a_store_that_cannot_be_tidied_fails_the_run_after_the_others(database: None, stores: Stores) -> None:
    (Path(stores.result.store) / ".rules.json").write_text("{")
    store = FolderStore(stores.segment.store)
    store.put("old", b"")
    os.utime(store.path("old") or "", (0, 0))
    run = _run()
    assert str(run.state) == "failed"
    assert store.list() == []
    told = run.get_task_instances()[0].xcom_pull(task_ids="tidy")
    assert [one.get("deleted", 0) for one in told] == [0, 0, 1]
    assert ["error" in one for one in told] == [False, True, False]
    assert "not understood" in told[1]["error"]["message"]


def test_parsing_it_is_cheap() -> None:
    program = """
import sys, runpy
runpy.run_path(sys.argv[1])
print(*sorted({"av", "cv2", "numpy", "minio", "boto3"} & sys.modules.keys()), "media_airflow" in sys.modules)
"""
    command = [sys.executable, "-c", program, str(REPOSITORY / "dags" / "janitor.py")]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1] == "True"


def test_on_a_worker_only_the_asked_dag_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    import runpy

    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "another")
    assert "janitor" not in runpy.run_path(str(REPOSITORY / "dags" / "janitor.py"))


def _run() -> Any:
    from media_airflow.janitor import janitor_dag

    dag = janitor_dag()
    for task in dag.tasks:
        task.retries = 0
    return dag.test()
