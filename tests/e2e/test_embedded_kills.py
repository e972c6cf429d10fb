"""What happens to the embedded Airflow when its processes are killed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped, unused-ignore]
import pytest

from media_airflow.embedded import EmbeddedAirflow
from media_airflow.embedded.configuration import AIRFLOW_SERVICES, DATABASE
from media_airflow.embedded.processes import processes_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

DAG = """
import time
from datetime import timedelta
from airflow.sdk import dag, task

@task
def nap(**context):
    time.sleep(context["params"]["seconds"])

@dag(schedule=None, params={"seconds": 0}, default_args={"retries": 2, "retry_delay": timedelta(seconds=1)})
def napping():
    nap()

napping()
"""


def make(folder: Path) -> EmbeddedAirflow:
    for name in ("dags", "plugins"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "dags" / "napping.py").write_text(DAG)
    return EmbeddedAirflow(
        folder / "home", dags_folder=folder / "dags", plugins_folder=folder / "plugins", parallelism=2
    )


@pytest.fixture(scope="module")
def airflow(folder: Path) -> Iterator[EmbeddedAirflow]:
    with make(folder) as instance:
        instance.wait_for_dag("napping")
        yield instance
    assert processes_of(instance.layout) == []
    instance.drop_database()


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def assert_works(airflow: EmbeddedAirflow, run_id: str) -> None:
    with airflow.client() as client:
        client.trigger("napping", run_id=run_id)
        assert client.wait("napping", run_id, 60)["state"] == "success"


@pytest.mark.parametrize("name", [*AIRFLOW_SERVICES, DATABASE])
def test_a_killed_service_comes_back(airflow: EmbeddedAirflow, name: str) -> None:
    _, killed = airflow.services()[name]
    psutil.Process(killed).kill()

    def is_back() -> bool:
        state, pid = airflow.services()[name]
        return state == "RUNNING" and pid != killed

    wait_until(is_back)
    # A scheduler that lost its database is restarted in turn.
    airflow.wait_until_ready()
    assert_works(airflow, f"after-{name}")


def test_tasks_die_with_a_killed_scheduler_and_run_again(airflow: EmbeddedAirflow) -> None:
    with airflow.client() as client:
        client.trigger("napping", {"seconds": 8}, run_id="orphan")
        wait_until(lambda: client.task_instances("napping", "orphan")[0]["pid"])
        task = psutil.Process(client.task_instances("napping", "orphan")[0]["pid"])
        scheduler = psutil.Process(airflow.services()["scheduler"][1])
        below = scheduler.children(recursive=True)
        assert task in below
        scheduler.kill()
        _, left = psutil.wait_procs(below, timeout=3)
        assert left == []
        assert client.wait("napping", "orphan", 90)["state"] == "success"
        assert client.task_instances("napping", "orphan")[0]["try_number"] == 2


def test_everything_goes_with_a_killed_supervisor_and_starts_again(airflow: EmbeddedAirflow, folder: Path) -> None:
    supervisor = airflow._supervisor.process
    assert supervisor is not None
    supervisor.kill()
    wait_until(lambda: processes_of(airflow.layout) == [], 15)
    # Another program has got the process id that the database's lock names.
    lock = airflow.layout.data / "postmaster.pid"
    with subprocess.Popen(["sleep", "100"]) as other:
        lock.write_text(f"{other.pid}\n{airflow.layout.data}\n")
        with make(folder) as again:
            assert_works(again, "after-supervisor")
        other.kill()


def test_everything_goes_with_a_killed_program(folder: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from media_airflow.embedded import EmbeddedAirflow\n"
        "with EmbeddedAirflow(Path(sys.argv[1])) as airflow: print('up', flush=True); time.sleep(100)"
    )
    airflow = EmbeddedAirflow(folder / "other")
    with subprocess.Popen([sys.executable, "-c", code, airflow.home], stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"up\n"
        assert processes_of(airflow.layout) != []
        program.kill()
    wait_until(lambda: processes_of(airflow.layout) == [], 20)
    airflow.drop_database()
