"""A task that has ended frees its executor slot: without our patch it holds it for up to one heartbeat more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import psutil  # type: ignore[import-untyped, unused-ignore]
import pytest

from media_airflow.embedded import EmbeddedAirflow
from media_airflow.embedded.settings import read_settings

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

MOST = 0.5
RUNS = 12
DAG = """
from airflow.sdk import dag, task

@task
def quick():
    return 1

@dag(schedule=None)
def quickly():
    quick()

quickly()
"""


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAirflow]:
    folder = tmp_path_factory.mktemp("slots")
    for name in ("dags", "plugins"):
        (folder / name).mkdir()
    (folder / "dags" / "quickly.py").write_text(DAG)
    # With Airflow's own heartbeat the stall would be seen; ours would hide it.
    settings = read_settings().model_copy(update={"options": {"workers": {"min_heartbeat_interval": 5}}})
    with EmbeddedAirflow(
        folder / "home",
        dags_folder=folder / "dags",
        plugins_folder=folder / "plugins",
        parallelism=1,
        settings=settings,
    ) as instance:
        instance.wait_for_dag("quickly")
        yield instance
    instance.drop_database()


def is_busy(scheduler: psutil.Process) -> bool:
    """Say whether a worker of the executor has a task's process, be it one that has ended and is not waited for."""
    return any(worker.children() for worker in scheduler.children())


def wait_until(scheduler: psutil.Process, busy: bool) -> float:
    deadline = time.monotonic() + 60
    while is_busy(scheduler) is not busy:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return time.time()


def test_a_slot_is_free_half_a_second_after_its_task(airflow: EmbeddedAirflow) -> None:
    held = []
    scheduler = psutil.Process(airflow.services()["scheduler"][1])
    with airflow.client() as client:
        for number in range(RUNS):
            client.trigger("quickly", run_id=f"run-{number}")
            wait_until(scheduler, busy=True)
            freed = wait_until(scheduler, busy=False)
            assert client.wait("quickly", f"run-{number}", 60)["state"] == "success"
            (task,) = client.task_instances("quickly", f"run-{number}")
            held.append(freed - datetime.fromisoformat(task["end_date"]).timestamp())
    print(f"\nseconds a slot is held behind its task's end: {sorted(round(one, 3) for one in held)}")
    assert max(held) <= MOST
