"""What takes minutes of jobs on really started services: a killed worker, each algorithm that makes pictures."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from media_airflow.embedded import AirflowClient, EmbeddedAirflow
from tests.e2e.jobs import DAG, make_film, same, wait_for_encoders, with_path

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
Clip = Callable[[str], Path]


@pytest.fixture(scope="module")
def film(folder: Path) -> Path:
    return make_film(folder / "film.mp4")


@pytest.fixture(scope="module")
def airflow(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAirflow]:
    home = tmp_path_factory.mktemp("airflow")
    with EmbeddedAirflow(home, allowed_roots=[folder], parallelism=2) as started:
        started.wait_for_dag(DAG)
        yield started
    started.drop_database()


def test_a_killed_encoder_is_retried_alone(
    airflow: EmbeddedAirflow, client: AirflowClient, film: Path, folder: Path
) -> None:
    output = folder / "killed.mp4"
    conf = {"source": str(film), "output": str(output), "preset": "slower", "segments": 3}
    client.trigger(DAG, conf, run_id="killed")
    wait_for_encoders(airflow)[0].send_signal(signal.SIGKILL)
    assert client.wait(DAG, "killed", 200)["state"] == "success"
    assert sorted(s["try_number"] for s in client.mapped(DAG, "killed", "process")) == [1, 1, 2]
    assert same(film, output)


FRAME_ALGORITHMS: dict[str, dict[str, Any]] = {
    "denoise": {"strength": 8},
    "denoise_fast": {"strength": 8},
    "enhance_color": {"contrast": 0.5},
    "watermark": {"text": "水印 e2e", "size": 12},
}


def luma(path: Path) -> list[Any]:
    """Give every frame's planes."""
    import av

    with av.open(str(path)) as container:
        return [frame.to_ndarray() for frame in container.decode(video=0)]


def test_algorithms_that_make_pictures_give_what_one_run_gives(
    airflow: EmbeddedAirflow, client: AirflowClient, film: Path, folder: Path
) -> None:
    """Each as a DAG run in three segments, all side by side, against `media run --whole`."""
    import math

    import numpy as np

    clip = folder / "short.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-i", str(film), "-t", "3", "-c", "copy", str(clip)], check=True
    )
    for name, params in FRAME_ALGORITHMS.items():
        airflow.wait_for_dag(name)
        conf = {"source": str(clip), "output": str(folder / f"{name}.mkv"), "segments": 3, "encoder": "ffv1"}
        client.trigger(name, conf | params, run_id="frames")
    for name, params in FRAME_ALGORITHMS.items():
        assert client.wait(name, "frames", 240)["state"] == "success", name
        assert len(client.mapped(name, "frames", "process")) == 3
        whole = folder / f"{name}-whole.mkv"
        given = [f"--param={key}={value}" for key, value in (params | {"encoder": "ffv1"}).items()]
        command = ["media", "run", name, str(clip), "-o", str(whole), "--whole", *given]
        subprocess.run(command, env=with_path(), check=True, stdout=subprocess.DEVNULL)
        cut, once = luma(folder / f"{name}.mkv"), luma(whole)
        assert len(cut) == len(once) == len(luma(clip)) > 60
        for rank, (a, b) in enumerate(zip(cut, once, strict=True)):
            error = float(np.mean((a.astype(float) - b) ** 2))
            psnr = 10 * math.log10(255**2 / error) if error else math.inf
            assert psnr >= 60 if name == "denoise_fast" else error == 0, (name, rank, psnr)
        changed = sum(not np.array_equal(a, b) for a, b in zip(once, luma(clip), strict=True))
        assert changed > len(once) / 2, name
