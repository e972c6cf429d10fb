"""A ladder on really started services, with a worker that is killed on the way."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from media_airflow.embedded import AirflowClient, EmbeddedAirflow
from tests.e2e.jobs import make_film, wait_for_encoders, with_path

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

RENDITIONS: list[dict[str, Any]] = [
    {"height": 360, "preset": "medium"},
    {"height": 240, "bitrate": "300k", "preset": "veryfast"},
    {"height": 180, "codec": "h265", "preset": "ultrafast"},
]


@pytest.fixture(scope="module")
def airflow(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAirflow]:
    home = tmp_path_factory.mktemp("airflow")
    with EmbeddedAirflow(home, allowed_roots=[folder], parallelism=2) as started:
        started.wait_for_dag("ladder")
        yield started
    started.drop_database()


def test_a_ladder_with_a_killed_encoder_is_what_separate_jobs_make(
    airflow: EmbeddedAirflow, client: AirflowClient, folder: Path
) -> None:
    film, output = make_film(folder / "film.mp4"), folder / "out.mp4"
    conf = {"source": str(film), "output": str(output), "segments": 3, "renditions": RENDITIONS}
    client.trigger("ladder", conf, run_id="killed")
    wait_for_encoders(airflow, 200)[0].send_signal(signal.SIGKILL)
    assert client.wait("ladder", "killed", 400)["state"] == "success"
    assert sorted(s["try_number"] for s in client.mapped("ladder", "killed", "process")) == [1, 1, 2]
    manifest = json.loads((folder / "out.ladder.json").read_text())
    assert [one["height"] for one in manifest["outputs"]] == [360, 240, 180]
    for said, wanted in zip(manifest["outputs"], RENDITIONS, strict=True):
        made = (folder / said["file"]).read_bytes()
        assert hashlib.sha256(made).hexdigest() == said["sha256"]
        own = folder / f"own-{said['name']}.mp4"
        params = {name: value for name, value in wanted.items() if name != "codec"} | {"key_seconds": 2}
        given = [f"--param={name}={value}" for name, value in params.items()]
        command = ["media", "run", said["algorithm"], str(film), "-o", str(own), "--segments", "3", *given]
        subprocess.run(command, env=with_path(), check=True, stdout=subprocess.DEVNULL)
        assert own.read_bytes() == made, said["name"]
        checked = subprocess.run(
            ["media", "proof", "--check", str(folder / said["file"])], env=with_path(), check=False
        )
        assert checked.returncode == 0
