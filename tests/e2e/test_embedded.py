"""The embedded Airflow, really started, and the main job on it: one instance, shared by all tests of this file."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped, unused-ignore]
import pytest

from media_airflow.embedded import AirflowClient, AlreadyRunning, ApiNotFound, EmbeddedAirflow, RunExists
from media_airflow.embedded.keys import load_keys
from media_airflow.embedded.processes import processes_of
from tests.conftest import REPOSITORY
from tests.e2e.jobs import DAG, encoders, make_film, same, wait_for_encoders
from tests.everyday import slow

pytestmark = pytest.mark.e2e

TINY = dedent(
    """
    import os, time
    from airflow.sdk import dag, get_current_context, task

    @task
    def numbers():
        return [1, 2, 3]

    @task(map_index_template="{{ label }}")
    def square(number):
        context = get_current_context()
        context["label"] = f"number {number}"
        context["task_state_store"].set("progress", {"done": number})
        print("squaring", number)
        return number * number

    @task
    def surroundings():
        return {name: value for name, value in os.environ.items() if name.startswith("MEDIA_OPS")}

    @dag(schedule=None)
    def tiny():
        square.expand(number=numbers())
        surroundings()

    @task
    def sleep():
        time.sleep(120)

    @dag(schedule=None)
    def sleepy():
        sleep()

    tiny()
    sleepy()
    """
)


@pytest.fixture(scope="module")
def film(folder: Path) -> Path:
    return make_film(folder / "film.mp4")


@pytest.fixture(scope="module")
def airflow(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAirflow]:
    home = tmp_path_factory.mktemp("home") / "airflow"
    dags = tmp_path_factory.mktemp("dags")
    (dags / "tiny.py").write_text(TINY)
    (dags / "media.py").write_bytes((REPOSITORY / "dags" / "media.py").read_bytes())
    instance = EmbeddedAirflow(home, dags_folder=dags, allowed_roots=[dags, folder], parallelism=2)
    with instance:
        instance.wait_for_dag("tiny")
        instance.wait_for_dag(DAG)
        yield instance
    assert processes_of(instance.layout) == []
    assert instance.services() == {}
    instance.drop_database()


@pytest.fixture(scope="module")
def run(airflow: EmbeddedAirflow, client: AirflowClient) -> str:
    """A finished run of the tiny DAG."""
    client.trigger("tiny", run_id="first", note="of a test")
    assert client.wait("tiny", "first", 60)["state"] == "success"
    return "first"


def test_a_run_shows_its_tasks_labels_states_and_log(client: AirflowClient, run: str) -> None:
    mapped = client.mapped("tiny", run, "square")
    assert [(row["map_index"], row["rendered_map_index"], row["state"]) for row in mapped] == [
        (index, f"number {index + 1}", "success") for index in range(3)
    ]
    assert len(client.task_instances("tiny", run)) == 5
    assert client.task_state("tiny", run, "square", "progress", map_index=1) == {"done": 2}
    assert client.task_states("tiny", run, "square", map_index=2) == {"progress": {"done": 3}}
    assert client.task_state("tiny", run, "square", "nothing", map_index=1, default=7) == 7
    assert "squaring 3" in client.logs("tiny", run, "square", map_index=2)


def test_tasks_find_the_allowed_roots_and_the_store(
    airflow: EmbeddedAirflow, client: AirflowClient, run: str
) -> None:
    path = f"/api/v2/dags/tiny/dagRuns/{run}/taskInstances/surroundings/xcomEntries/return_value"
    found = client.get(path, deserialize=True)["value"]
    assert str(airflow.dags_folder) in found["MEDIA_OPS_ALLOWED_ROOTS"].split(os.pathsep)
    assert found["MEDIA_OPS_STORE"] == str(airflow.home / "store")


def test_a_repeated_or_unknown_request_is_refused_by_name(client: AirflowClient, run: str) -> None:
    with pytest.raises(RunExists):
        client.trigger("tiny", run_id=run)
    with pytest.raises(ApiNotFound):
        client.trigger("no_such_dag")


def test_nobody_is_let_in_without_the_password(airflow: EmbeddedAirflow) -> None:
    with httpx.Client(base_url=airflow.url, trust_env=False) as stranger:
        assert stranger.get("/api/v2/dags").status_code == 401
        assert stranger.get("/auth/token").status_code == 403
        wrong = {"username": airflow.user, "password": "admin"}
        assert stranger.post("/auth/token", json=wrong).status_code == 401


def test_everything_listens_on_the_loopback_only(airflow: EmbeddedAirflow, run: str) -> None:
    listening = [
        (process.name(), connection.laddr.ip)
        for process in processes_of(airflow.layout)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN or connection.type.name == "SOCK_DGRAM"
    ]
    assert [address for _, address in listening] == ["127.0.0.1"]


def test_no_secret_is_shown(airflow: EmbeddedAirflow, run: str) -> None:
    secrets = load_keys(airflow.home).model_dump().values()
    shown = "\n".join(" ".join(process.cmdline()) for process in processes_of(airflow.layout))
    shown += "\n".join(path.read_text() for path in airflow.home.rglob("*.log"))
    shown += (airflow.home / "supervisord.conf").read_text()
    assert not [secret for secret in secrets if secret in shown]
    for name in ("keys.json", "passwords.json", "supervisord.conf"):
        assert stat.S_IMODE((airflow.home / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(airflow.layout.database_socket.stat().st_mode) == 0o700


def test_it_knows_what_it_cost(airflow: EmbeddedAirflow, run: str) -> None:
    assert airflow.cpu_seconds() > 5


def test_a_second_start_is_refused(airflow: EmbeddedAirflow) -> None:
    with pytest.raises(AlreadyRunning, match=airflow.url):
        EmbeddedAirflow(airflow.home).start()
    assert airflow.is_up()


@pytest.mark.slow
def test_a_cancelled_task_is_gone_within_seconds(airflow: EmbeddedAirflow, client: AirflowClient) -> None:
    used = airflow.cpu_seconds()
    client.trigger("sleepy", run_id="cancelled")
    wait_until(lambda: client.task_instances("sleepy", "cancelled")[0]["pid"])
    task = psutil.Process(client.task_instances("sleepy", "cancelled")[0]["pid"])
    client.cancel("sleepy", "cancelled", "by a test")
    assert client.run("sleepy", "cancelled")["state"] == "failed"
    psutil.wait_procs([task], timeout=10)
    assert not task.is_running()
    assert airflow.cpu_seconds() > used > 5


def test_segments_side_by_side_give_an_exact_result(
    airflow: EmbeddedAirflow, client: AirflowClient, film: Path, folder: Path
) -> None:
    output = folder / "out" / "exact.mp4"
    conf = {"source": str(film), "output": str(output), "preset": "veryfast", "segments": 2, "verify": "full"}
    client.trigger(DAG, conf, run_id="exact")
    assert client.wait(DAG, "exact", 120)["state"] == "success"
    segments = client.mapped(DAG, "exact", "process")
    assert next(s["rendered_map_index"] for s in segments) == "00:00:00-00:00:12"
    starts_and_ends = sorted((s["start_date"], s["end_date"]) for s in segments)
    assert any(b[0] < a[1] for a, b in zip(starts_and_ends, starts_and_ends[1:], strict=False)), "side by side"
    assert same(film, output)
    assert client.task_state(DAG, "exact", "process", "progress", map_index=0)["done"] == 300


def test_a_cancelled_run_stops_its_encoders(
    airflow: EmbeddedAirflow, client: AirflowClient, film: Path, folder: Path
) -> None:
    output = folder / "cancelled.mp4"
    conf = {"source": str(film), "output": str(output), "preset": "veryslow", "segments": 3}
    client.trigger(DAG, conf, run_id="cancelled")
    running = wait_for_encoders(airflow)
    client.cancel(DAG, "cancelled", "cancelled by a test")
    _gone, alive = psutil.wait_procs(running, timeout=5)
    assert not alive
    time.sleep(1)
    assert encoders(airflow) == []
    assert not output.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"source": "/etc/hostname"}, "below a folder"),
        slow({"crf_": 20}, "crf_"),
        slow({"source": "ftp://host/film.mp4"}, "ftp"),
    ],
)
def test_a_bad_request_fails_at_its_first_try(
    client: AirflowClient, film: Path, folder: Path, change: dict[str, Any], words: str
) -> None:
    output = folder / "refused.mp4"
    run_id = f"refused-{abs(hash(words))}"
    client.trigger(DAG, {"source": str(film), "output": str(output)} | change, run_id=run_id)
    assert client.wait(DAG, run_id, 60)["state"] == "failed"
    probe = next(t for t in client.task_instances(DAG, run_id) if t["task_id"] == "probe")
    assert (probe["state"], probe["try_number"]) == ("failed", 1)
    assert re.search(words, client.logs(DAG, run_id, "probe"))
    assert not output.exists()


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
