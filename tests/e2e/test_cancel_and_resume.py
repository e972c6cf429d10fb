"""Jobs that are cancelled on really started services, by the command and as the UI does it, and gone on with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from media_airflow.embedded import AirflowClient, EmbeddedAirflow
from media_airflow.embedded.keys import login_file
from media_ops.state.place import place
from media_ops.storage import open_store
from media_ops.storage.shelf import Shelf
from media_ops.storage.traces import Trace, traces_of
from tests.e2e.jobs import DAG, children, make_film, wait_for_encoders

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]
SEGMENTS = 8
FRAMES = 800


@pytest.fixture(scope="module")
def film(folder: Path) -> Path:
    return make_film(folder / "film.mp4", 32)


@pytest.fixture(scope="module")
def airflow(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAirflow]:
    with EmbeddedAirflow(tmp_path_factory.mktemp("airflow"), allowed_roots=[folder], parallelism=2) as started:
        started.wait_for_dag(DAG)
        yield started
    started.drop_database()


def start(client: AirflowClient, job: str, film: Path, output: Path, preset: str = "veryslow") -> None:
    conf = {"source": str(film), "output": str(output), "preset": preset, "segments": SEGMENTS, "verify": "full"}
    client.trigger(DAG, conf, run_id=job)


def wait_until(client: AirflowClient, job: str, condition: Any, seconds: float = 240) -> list[dict[str, Any]]:
    """Wait until the job's tasks are as they should be; give them."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        tasks = client.task_instances(DAG, job)
        if condition(tasks):
            return tasks
        time.sleep(0.05)
    raise AssertionError(f"{job} never came so far: {[(t['task_id'], t['map_index'], t['state']) for t in tasks]}")


def orders(tasks: list[dict[str, Any]], state: str | None) -> set[int]:
    """Number the segments that are in that state."""
    return {task["map_index"] for task in tasks if task["task_id"] == "process" and task["state"] == state}


def media(airflow: EmbeddedAirflow, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as somebody would who has nothing set but the login's place."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MEDIA_OPS_")}
    environment = kept | {"MEDIA_OPS_AIRFLOW_LOGIN": str(login_file(airflow.home))}
    command = [sys.executable, "-m", "media_ops.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def status(airflow: EmbeddedAirflow, job: str) -> tuple[int, dict[str, Any]]:
    done = media(airflow, "status", job, "--json")
    return done.returncode, json.loads(done.stdout)


def clear(client: AirflowClient, job: str, **how: Any) -> None:
    """Clear tasks as the UI's buttons do."""
    body = {"dry_run": False, "dag_run_id": job, "reset_dag_runs": True, **how}
    headers = {"Authorization": f"Bearer {client.token()}"}
    address = f"{client.url}/api/v2/dags/{DAG}/clearTaskInstances"
    httpx.post(address, json=body, headers=headers, trust_env=False, timeout=30).raise_for_status()


def segments(airflow: EmbeddedAirflow, job: str) -> list[Trace]:
    store = open_store(str(airflow.home / "store" / "media-segment"))
    return [trace for trace in traces_of(store, place(DAG, job)) if trace.event == "process"]


def partial(airflow: EmbeddedAirflow, job: str) -> list[str]:
    """List what a job that came to nothing must not leave."""
    root = airflow.home / "store" / "media-segment"
    store = open_store(str(root))
    own = [one.key for one in store.list(place(DAG, job) + "/")]
    found = [key for key in own if not key.startswith(place(DAG, job) + "/traces/")]
    shelf = Shelf(store, "segment")
    for one in store.list("segments/"):
        key = one.key.split("/")[1]
        record = shelf.find(key)
        named = {part.key for part in record.parts} if record else set()
        if one.key not in named and not one.key.endswith("segment.json"):
            found.append(one.key)
    return found + [str(path) for path in (root / ".temporary").glob("*")]


def same(airflow: EmbeddedAirflow, a: Path, b: Path) -> bool:
    return media(airflow, "compare", str(a), str(b)).returncode == 0


def test_a_job_is_cancelled_by_command_and_gone_on_with(
    airflow: EmbeddedAirflow, client: AirflowClient, film: Path, folder: Path
) -> None:
    output = folder / "one.mp4"
    start(client, "one", film, output)
    tasks = wait_until(client, "one", lambda tasks: orders(tasks, "success") and len(orders(tasks, "running")) == 2)
    time.sleep(1.5)
    code, before = status(airflow, "one")
    assert (code, before["state"], before["total"]) == (0, "running", FRAMES)
    assert 100 <= before["done"] < FRAMES
    working = next(event for event in before["events"] if event["event"] == "process")
    assert any(part["state"] == "running" and part["total"] == 100 for part in working["segments"])

    alive, began = children(airflow), time.monotonic()
    assert alive
    with ThreadPoolExecutor(1) as beside:
        command = beside.submit(media, airflow, "cancel", "one", "--json", "--reason", "not wanted any more")
        psutil.wait_procs(alive, timeout=60)
        gone = time.monotonic() - began
        said = command.result()
    whole = time.monotonic() - began
    print(f"\nchildren gone after {gone:.2f} s, `media cancel` after {whole:.2f} s\n{said.stdout}{said.stderr}")
    assert said.returncode == 0
    stopped = json.loads(said.stdout)
    assert stopped["seconds"] < 5, "from telling Airflow on: the command's own start takes seconds on a busy machine"
    assert gone < whole
    assert {name.split()[0] for name in stopped["stopped"]} == {"process"}
    assert children(airflow) == []

    outcomes = {trace.order: trace.outcome for trace in segments(airflow, "one")}
    finished = {order for order, outcome in outcomes.items() if outcome == "succeeded"}
    assert orders(tasks, "success") <= finished
    assert set(outcomes) < set(range(SEGMENTS)), "all had begun: nothing waited"
    assert {outcomes[order] for order in set(outcomes) - finished} == {"cancelled"}
    assert not output.exists()
    assert list(folder.glob(".media-ops-*")) == []
    assert partial(airflow, "one") == []
    code, after = status(airflow, "one")
    shown = next(event for event in after["events"] if event["event"] == "process")["segments"]
    assert {part["order"]: part["state"] for part in shown if part["order"] in outcomes} == outcomes
    # A task whose process was starting has left no trace.
    assert {part["state"] for part in shown if part["order"] not in outcomes} <= {"skipped", "cancelled"}
    assert "skipped" in {part["state"] for part in shown}
    assert 100 * len(finished) <= after["done"] < FRAMES
    assert (code, after["state"], after["note"]) == (3, "cancelled", "cancelled: not wanted any more")
    table = media(airflow, "trace", "one")
    assert table.returncode == 0
    assert " cancelled " in table.stdout
    again = media(airflow, "cancel", "one")
    assert again.returncode == 2
    assert "is over already" in again.stderr

    clear(client, "one", only_failed=False)
    assert client.wait(DAG, "one", 400)["state"] == "success"
    later = [trace for trace in segments(airflow, "one") if trace.outcome == "succeeded" and trace.order in finished]
    assert sorted(trace.reused for trace in later) == [False] * len(finished) + [True] * len(finished)
    assert same(airflow, film, output)
    told = client.xcom(DAG, "one", "notify", default={})
    assert {one["code"] for one in told["retries"]} == {"terminated"}


def wait_until_gone(airflow: EmbeddedAirflow, seconds: float) -> None:
    """Wait until no child runs, and none follows."""
    deadline = time.monotonic() + seconds
    while children(airflow):
        assert time.monotonic() < deadline, children(airflow)
        time.sleep(0.1)
    time.sleep(1)
    assert children(airflow) == []


def test_a_run_marked_failed_reads_as_cancelled_and_half_of_it_is_never_joined(
    airflow: EmbeddedAirflow, client: AirflowClient, film: Path, folder: Path
) -> None:
    output = folder / "two.mp4"
    start(client, "two", film, output, "slower")
    wait_until(client, "two", lambda tasks: orders(tasks, "success") and len(orders(tasks, "running")) == 2)
    alive, began = children(airflow), time.monotonic()
    headers = {"Authorization": f"Bearer {client.token()}"}
    address = f"{client.url}/api/v2/dags/{DAG}/dagRuns/two"
    httpx.patch(address, json={"state": "failed"}, headers=headers, trust_env=False).raise_for_status()
    _gone, left = psutil.wait_procs(alive, timeout=5)
    print(f"\nchildren gone {time.monotonic() - began:.2f} s after the run was marked failed")
    assert left == []
    # A task whose process was starting may begin one more: its next heartbeat ends it.
    wait_until_gone(airflow, 6)
    tasks = client.task_instances(DAG, "two")
    print(sorted((task["task_id"], task["map_index"], task["state"]) for task in tasks))
    code, state = status(airflow, "two")
    assert (code, state["state"], state["note"]) == (3, "cancelled", "")

    # Airflow leaves the merge skipped then, and calls that a success; it is none.
    clear(client, "two", only_failed=True, include_downstream=True)
    assert client.wait(DAG, "two", 400)["state"] == "success"
    assert not output.exists()
    code, state = status(airflow, "two")
    assert (code, state["state"]) == (3, "cancelled")

    made = len(segments(airflow, "two"))
    clear(client, "two", only_failed=False)
    assert client.wait(DAG, "two", 400)["state"] == "success"
    assert [trace.reused for trace in segments(airflow, "two")[made:]] == [True] * SEGMENTS
    code, state = status(airflow, "two")
    assert (code, state["state"], state["done"]) == (0, "succeeded", FRAMES)
    assert same(airflow, film, output)


def test_a_merge_that_was_cancelled_is_all_that_runs_again(
    airflow: EmbeddedAirflow, client: AirflowClient, film: Path, folder: Path
) -> None:
    output = folder / "three.mp4"
    start(client, "three", film, output, "veryfast")
    wait_until(client, "three", lambda tasks: any(t["task_id"] == "merge" and t["state"] == "running" for t in tasks))
    client.cancel(DAG, "three", "cancelled: by a test")
    assert not output.exists()
    time.sleep(3)
    before = {trace.trace_id for trace in segments(airflow, "three")}
    clear(client, "three", only_failed=True, include_downstream=True)
    ended = client.wait(DAG, "three", 120)["state"]
    print(ended, sorted((t["task_id"], t["map_index"], t["state"]) for t in client.task_instances(DAG, "three")))
    assert ended == "success"
    assert {trace.trace_id for trace in segments(airflow, "three")} == before
    assert same(airflow, film, output)


def test_a_killed_encoder_is_seen_in_every_view(
    airflow: EmbeddedAirflow, client: AirflowClient, film: Path, folder: Path, tmp_path: Path
) -> None:
    output = folder / "four.mp4"
    start(client, "four", film, output, "fast")
    wait_until(client, "four", lambda tasks: orders(tasks, "success") and len(orders(tasks, "running")) == 2)
    wait_for_encoders(airflow)[0].kill()
    followed = media(airflow, "status", "four", "--follow")
    assert followed.returncode == 0
    assert followed.stdout.startswith("running  ")
    assert f"{FRAMES} of {FRAMES} frames (100.0 %)" in followed.stdout
    (retry,) = client.xcom(DAG, "four", "notify", default={})["retries"]
    assert (retry["event"], retry["attempt"], retry["code"], retry["fate"]) == ("process", 1, "child_died", "world")
    chart, events = tmp_path / "job.png", tmp_path / "job.json"
    done = media(airflow, "trace", "four", "--gantt", str(chart), "--chrome", str(events))
    print(f"\n{followed.stdout}\n{done.stdout}\n{chart}")
    (line,) = (line for line in done.stdout.splitlines() if "child_died" in line)
    assert line.split()[:3] == ["process", str(retry["order"]), "1"]
    assert chart.read_bytes().startswith(b"\x89PNG")
    drawn = json.loads(events.read_text())["traceEvents"]
    assert [event["name"] for event in drawn if event["ph"] == "i"] == [f"process {retry['order']}: child_died"]
