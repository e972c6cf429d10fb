"""At full load of all cores nothing healthy is killed: jobs run for half an hour, and no attempt ends early.

`SOAK_MINUTES` says for how long.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from media_airflow.embedded import EmbeddedAirflow
from tests.chaos.stage import Stage, make_film, store_of

pytestmark = [pytest.mark.soak, pytest.mark.slow, pytest.mark.timeout(3 * 3600)]

MINUTES = float(os.environ.get("SOAK_MINUTES") or 30)
JOBS: list[tuple[str, dict[str, object]]] = [
    ("transcode_h264", {"preset": "slower", "segments": 4}),
    ("transcode_h265", {"preset": "medium", "segments": 3}),
    ("denoise_fast", {"segments": 3}),
]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    folder, temporary = tmp_path / "films", tmp_path / "tmp"
    folder.mkdir()
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    stores = tmp_path / "stores"
    airflow = EmbeddedAirflow(tmp_path / "airflow", allowed_roots=[folder], parallelism=2, store=str(stores))
    with airflow:
        for dag_id, _ in JOBS:
            airflow.wait_for_dag(dag_id)
        yield Stage(airflow, folder, temporary, store_of(str(stores)))
    airflow.drop_database()


@pytest.fixture
def hogs() -> Iterator[None]:
    """Keep every core busy beside the jobs."""
    spin = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(spin) for _ in range(os.cpu_count() or 1)]
    yield
    for process in busy:
        process.kill()
        process.wait()


def test_nothing_healthy_is_killed(stage: Stage, hogs: None) -> None:
    end, number = time.monotonic() + 60 * MINUTES, 0
    outcomes: Counter[tuple[str, int]] = Counter()
    with stage.airflow.client() as client:
        while time.monotonic() < end:
            dag_id, params = JOBS[number % len(JOBS)]
            run_id = f"soak-{number}"
            source = make_film(stage.folder / f"{run_id}.mp4", run_id, 12)
            client.trigger(dag_id, {"source": str(source), "verify": "full"} | params, run_id=run_id)
            assert client.wait(dag_id, run_id, 1200)["state"] == "success", run_id
            for trace in stage.traces(dag_id, run_id):
                outcomes[trace.outcome, trace.attempt] += 1
            source.unlink()
            number += 1
    print(f"\n{number} jobs in {MINUTES:g} minutes; attempts by outcome and try: {dict(outcomes)}")
    assert set(outcomes) == {("succeeded", 1)}
    assert stage.orphans() == []
