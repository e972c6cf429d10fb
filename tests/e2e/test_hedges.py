"""Two attempts at one segment on a really started Airflow: the first result counts, the other attempt is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from media_airflow.embedded import AirflowClient, EmbeddedAirflow
from media_airflow.job import place
from media_ops.storage.folder import FolderStore
from media_ops.storage.traces import traces_of
from tests.e2e.jobs import DAG, encoders, make_film, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def film(folder: Path) -> Path:
    return make_film(folder / "film.mp4", 36)


@pytest.fixture(scope="module")
def airflow(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAirflow]:
    table = tmp_path_factory.mktemp("said") / "watchdog.yaml"
    stragglers = {"seconds": 10, "gain_seconds": 5, "siblings": 3, "slower": 3}
    table.write_text(json.dumps({"rules": [], "stragglers": stragglers}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDIA_OPS_WATCHDOG_CONFIG", str(table))
        home = tmp_path_factory.mktemp("airflow")
        with EmbeddedAirflow(home, allowed_roots=[folder], parallelism=2) as started:
            for dag in (DAG, "hedge", "watchdog"):
                started.wait_for_dag(dag)
            yield started
        started.drop_database()


class Slowed:
    """A process that gets a small part of the time only."""

    def __init__(self, process: psutil.Process, part: float) -> None:
        self.process, self.part = process, part
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._hold, daemon=True)
        self._thread.start()

    def _hold(self) -> None:
        try:
            while not self._over.is_set():
                os.kill(self.process.pid, signal.SIGSTOP)
                self._over.wait(1 - self.part)
                os.kill(self.process.pid, signal.SIGCONT)
                self._over.wait(self.part)
        except ProcessLookupError:
            return

    def let_go(self) -> None:
        self._over.set()
        self._thread.join()


def start(client: AirflowClient, film: Path, run: str, crf: int) -> None:
    conf = {"source": str(film), "output": str(film.with_name(f"{run}.mp4")), "segments": 6, "crf": crf}
    client.trigger(DAG, {**conf, "preset": "medium", "verify": "full"}, run_id=run)


def hedges(client: AirflowClient) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = client.get("/api/v2/dags/hedge/dagRuns", limit=100)["dag_runs"]
    return runs


def outcome(client: AirflowClient, dag: str, run: str, task: str) -> Any:
    path = f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/xcomEntries/return_value"
    return client.get(path, deserialize=True)["value"]


def assert_exact(client: AirflowClient, film: Path, run: str) -> dict[str, Any]:
    told: dict[str, Any] = outcome(client, DAG, run, "notify")
    output = film.with_name(f"{run}.mp4")
    proof = json.loads(Path(f"{output}.proof.json").read_text())
    assert (proof["frames_out"], told["outcome"]) == (900, "succeeded")
    subprocess.run(
        [sys.executable, "-m", "media_ops.cli", "proof", str(output), "--check", "--full"],
        check=True,
        capture_output=True,
    )
    figures: dict[str, Any] = told["figures"]
    return figures


def test_a_slowed_segment_is_tried_again_and_its_first_attempt_is_stopped(
    airflow: EmbeddedAirflow, client: AirflowClient, film: Path
) -> None:
    start(client, film, "slowed", 23)
    slowed = Slowed(wait_until(lambda: encoders(airflow))[0], 0.01)
    try:
        assert client.wait(DAG, "slowed", 600)["state"] == "success"
    finally:
        slowed.let_go()
    assert not slowed.process.is_running()
    (hedge,) = [run for run in hedges(client) if run["conf"]["run_id"] == "slowed"]
    assert client.wait("hedge", hedge["dag_run_id"], 60)["state"] == "success"
    assert outcome(client, "hedge", hedge["dag_run_id"], "hedge") == {"outcome": "won"}
    figures = assert_exact(client, film, "slowed")
    assert (figures["hedges"], figures["segments_reused"]) == (1, 1)
    store = FolderStore(Path(airflow.home) / "store" / "media-segment")
    traces = [trace for trace in traces_of(store, place(DAG, "slowed")) if trace.hedge]
    assert [(trace.order, trace.outcome) for trace in traces] == [(hedge["conf"]["map_index"], "succeeded")]
    assert encoders(airflow) == []


def test_a_copy_that_comes_too_late_is_stopped(airflow: EmbeddedAirflow, client: AirflowClient, film: Path) -> None:
    start(client, film, "quick", 24)
    slowed = Slowed(wait_until(lambda: encoders(airflow))[0], 0.01)

    def copy() -> psutil.Process | None:
        segments = [task["state"] for task in client.mapped(DAG, "quick", "process")]
        if segments.count("success") != 5 or not any(run["conf"]["run_id"] == "quick" for run in hedges(client)):
            return None  # what runs beside it may be a sibling still
        return next((child for child in encoders(airflow) if child.pid != slowed.process.pid), None)

    second = Slowed(wait_until(copy, 400), 0.001)
    try:
        slowed.let_go()  # the original is quick again
        assert client.wait(DAG, "quick", 400)["state"] == "success"
        (hedge,) = [run for run in hedges(client) if run["conf"]["run_id"] == "quick"]
        assert client.wait("hedge", hedge["dag_run_id"], 30)["state"] == "success"
    finally:
        slowed.let_go()
        second.let_go()
    assert not second.process.is_running()
    assert outcome(client, "hedge", hedge["dag_run_id"], "hedge")["outcome"] in ("lost", "called off")
    figures = assert_exact(client, film, "quick")
    assert (figures["hedges"], figures["segments_reused"]) == (1, 0)


def test_a_copy_ends_with_a_cancelled_job(airflow: EmbeddedAirflow, client: AirflowClient, film: Path) -> None:
    start(client, film, "cancelled", 25)
    slowed = Slowed(wait_until(lambda: encoders(airflow))[0], 0.01)
    try:
        wait_until(lambda: any(run["conf"]["run_id"] == "cancelled" for run in hedges(client)), 400)
        wait_until(lambda: len(encoders(airflow)) == 2)
        client.cancel(DAG, "cancelled", "by a user")
        wait_until(lambda: encoders(airflow) == [], 6)
    finally:
        slowed.let_go()
