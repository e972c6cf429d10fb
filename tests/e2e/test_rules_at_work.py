"""Rules at work on a really started Airflow: one of each action. Only the time is ours."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from media_airflow.embedded import AirflowClient, EmbeddedAirflow
from media_airflow.settings import Settings
from media_airflow.watchdog.dag import watch
from media_airflow.watchdog.rules import Rule, Stragglers, Watchdog
from media_ops.storage.folder import FolderStore

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

DAG = """
import time
from datetime import timedelta
from pathlib import Path
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Param, task

@task(retries=3, retry_delay=timedelta(seconds=1))
def work(**context):
    if context["ti"].try_number == 1:
        time.sleep(context["params"]["seconds"])

@task
def broken(**context):
    assert not context["params"]["fails"]

@task(trigger_rule="all_done")
def notify(**context):
    path = Path(context["params"]["deaf"] or "/nowhere")
    assert not path.exists()

@task
def other(**context):
    time.sleep(context["params"]["seconds"])

params = {"seconds": 0, "fails": False, "deaf": "", "deadline_minutes": Param(None, type=["integer", "null"])}
with DAG("job", schedule=None, params=params, tags=["media"]) as job:
    [work(), broken()] >> EmptyOperator(task_id="merge") >> [notify(), EmptyOperator(task_id="published")]
with DAG("untagged", schedule=None, params=params) as untagged:
    other()
"""


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAirflow]:
    folder = tmp_path_factory.mktemp("watched")
    for name in ("dags", "plugins"):
        (folder / name).mkdir()
    (folder / "dags" / "job.py").write_text(DAG)
    instance = EmbeddedAirflow(
        folder / "home", dags_folder=folder / "dags", plugins_folder=folder / "plugins", parallelism=3
    )
    with instance:
        instance.wait_for_dag("job")
        instance.wait_for_dag("untagged")
        yield instance
    instance.drop_database()


class Minutes:
    """A watchdog that looks when it is told to, with a clock of its own and its stores in a folder."""

    def __init__(self, client: AirflowClient, folder: Path, *rules: Rule) -> None:
        self.client = client
        self.config = Watchdog(rules=rules, stragglers=Stragglers(enabled=False))
        self.settings = Settings(f"{folder}/segment", f"{folder}/result", f"{folder}/source", (), 2)
        self.results, self.segments = FolderStore(self.settings.results), FolderStore(self.settings.store)
        self.now = time.time()

    def look(self, minutes: int = 1) -> list[dict[str, Any]]:
        done = []
        for _ in range(minutes):
            done += watch(self.client, self.config, self.settings, self.results, self.now)
            self.now += 60
        return done

    def pages(self) -> list[dict[str, Any]]:
        found = [stat.key for stat in self.results.list("watchdog/") if stat.key.endswith(".jsonl")]
        return [json.loads(line) for key in found for line in self.results.open(key).read().splitlines()]


@pytest.fixture
def client(airflow: EmbeddedAirflow) -> Iterator[AirflowClient]:
    with airflow.client() as opened:
        yield opened
        for dag in ("job", "untagged"):
            for run in opened.get(f"/api/v2/dags/{dag}/dagRuns", limit=100)["dag_runs"]:
                if run["state"] in ("queued", "running"):
                    opened.cancel(dag, run["dag_run_id"], "the test is over")


def task(client: AirflowClient, run: str, name: str = "work", dag: str = "job") -> dict[str, Any]:
    return client.get(f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{name}")


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_job_past_its_deadline_is_ended_and_the_run_says_why(client: AirflowClient, tmp_path: Path) -> None:
    minutes = Minutes(client, tmp_path, Rule(condition="deadline", action="fail"))
    for run, deadline in (("late", 2), ("early", 60), ("patient", None)):
        client.trigger("job", {"seconds": 100, "deadline_minutes": deadline}, run_id=run, note="by a user")
    client.trigger("untagged", {"seconds": 100, "deadline_minutes": 1}, run_id="late")
    assert minutes.look(2) == []
    done = minutes.look(3)
    assert [(one["condition"], one["action"], one["run_id"]) for one in done] == [("deadline", "fail", "late")]
    assert done == minutes.pages()
    ended = client.run("job", "late")
    assert (ended["state"], ended["note"].splitlines()[0]) == ("failed", "by a user")
    assert "watchdog: deadline: fail: it has not ended 2 minutes after it was asked for" in ended["note"]
    assert {client.run("job", run)["state"] for run in ("early", "patient")} == {"running"}
    assert client.run("untagged", "late")["state"] == "running"


def test_a_clock_that_jumps_a_day_ends_nothing(client: AirflowClient, tmp_path: Path) -> None:
    rules = (Rule(condition="deadline", action="fail"), Rule(condition="stuck", after_minutes=30, action="fail"))
    minutes = Minutes(client, tmp_path, *rules)
    client.trigger("job", {"seconds": 100, "deadline_minutes": 10}, run_id="jump")
    assert minutes.look(2) == []
    minutes.now += 86_400
    assert minutes.look(3) == []
    assert client.run("job", "jump")["state"] == "running"


def test_a_task_of_which_nothing_moves_runs_again_so_often_and_then_there_is_an_alarm(
    client: AirflowClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    retry = Rule(condition="stuck", after_minutes=5, action="retry")
    minutes = Minutes(client, tmp_path, retry, Rule(condition="stuck", after_minutes=10, action="alarm"))
    client.trigger("job", {"seconds": 200}, run_id="stuck")
    wait_until(lambda: task(client, "stuck")["state"] == "running")
    assert minutes.look(4) == []
    done = minutes.look(3)
    assert [(one["action"], one["run_id"], one["count"]) for one in done] == [("retry", "stuck", 1)]
    assert client.wait("job", "stuck", 60)["state"] == "success"
    assert task(client, "stuck")["try_number"] == 2
    client.trigger("job", {"seconds": 200}, run_id="again")
    wait_until(lambda: task(client, "again")["state"] == "running")
    minutes.config = minutes.config.model_copy(update={"rules": minutes.config.rules[1:]})
    with caplog.at_level(logging.ERROR):
        assert [one["action"] for one in minutes.look(13)] == ["alarm"]
    assert "ALARM: stuck: alarm: run again of job: nothing has moved for 10 minutes" in caplog.text
    assert "watchdog: stuck: alarm" in client.run("job", "again")["note"]


def test_a_task_whose_process_is_gone_runs_again(client: AirflowClient, tmp_path: Path) -> None:
    minutes = Minutes(client, tmp_path, Rule(condition="worker gone", after_minutes=3, action="retry"))
    client.trigger("job", {"seconds": 200}, run_id="gone")
    wait_until(lambda: task(client, "gone")["pid"])
    process = psutil.Process(task(client, "gone")["pid"])
    assert minutes.look(5) == []
    supervisor = process.parent()
    assert supervisor is not None
    supervisor.kill()
    process.kill()
    wait_until(lambda: not Path(f"/proc/{process.pid}").exists())
    assert [one["action"] for one in minutes.look(6)] == ["retry"]
    assert client.wait("job", "gone", 60)["state"] == "success"


def test_a_job_that_told_nobody_tells_again(client: AirflowClient, tmp_path: Path) -> None:
    minutes = Minutes(client, tmp_path, Rule(condition="not notified", after_minutes=2, action="retry", times=2))
    deaf = tmp_path / "deaf"
    deaf.touch()
    client.trigger("job", {"deaf": str(deaf)}, run_id="untold")
    client.trigger("job", {"fails": True}, run_id="told")
    client.trigger("job", {"seconds": 100}, run_id="cancelled")
    for run in ("untold", "told"):
        client.wait("job", run, 60)
    client.cancel("job", "cancelled", "by a user")
    assert client.run("job", "untold")["state"] == "failed"
    deaf.unlink()
    done = minutes.look(8)
    assert [(one["action"], one["run_id"]) for one in done] == [("retry", "untold")]
    assert client.wait("job", "untold", 60)["state"] == "success"
    assert client.run("job", "cancelled")["state"] == "failed"


def test_what_a_failed_job_left_is_deleted_and_only_that(client: AirflowClient, tmp_path: Path) -> None:
    minutes = Minutes(client, tmp_path, Rule(condition="leftovers", after_minutes=5, action="clear"))
    client.trigger("job", {"fails": True}, run_id="left")
    client.trigger("job", {}, run_id="fine")
    for run in ("left", "fine"):
        client.wait("job", run, 60)
        for name in ("plan/1", "slices/2", "traces/process/3"):
            minutes.segments.put(f"jobs/job/{run}/{name}", b"")
    done = minutes.look(20)
    assert [(one["action"], one["run_id"], one["count"]) for one in done] == [("clear", "left", 2)]
    kept = [stat.key for stat in minutes.segments.list("jobs/job/left/")]
    assert kept == ["jobs/job/left/traces/process/3"]
    assert len(minutes.segments.list("jobs/job/fine/")) == 3


def test_a_run_that_ended_between_look_and_action_is_left_alone(client: AirflowClient, tmp_path: Path) -> None:
    minutes = Minutes(client, tmp_path, Rule(condition="deadline", action="fail"))
    client.trigger("job", {"seconds": 0, "deadline_minutes": 1}, run_id="ended")
    client.wait("job", "ended", 60)
    real = client.post

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = real(path, body)
        if body.get("states") == ["queued", "running"]:  # as it was a moment ago
            ended = client.run("job", "ended") | {"state": "running", "end_date": None}
            answer["dag_runs"].append(ended)
        return answer

    client.post = post  # type: ignore[method-assign]
    assert minutes.look(4) == []
    assert client.run("job", "ended")["state"] == "success"
