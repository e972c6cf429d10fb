"""The main job on really started services, over HTTP: the result, a killed worker, a cancel, refused requests."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from media_airflow.embedded import AirflowClient, EmbeddedAirflow
from tests.everyday import slow

pytestmark = pytest.mark.e2e
DAG = "transcode_h264"
Clip = Callable[[str], Path]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one allowed root."""
    return tmp_path_factory.mktemp("allowed")


@pytest.fixture(scope="module")
def film(folder: Path) -> Path:
    """Long enough for segments that run for seconds."""
    path = folder / "film.mp4"
    source = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=24", "-f", "lavfi", "-i", "sine=300:r=48000:d=24"]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-bf", "2", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *source, *codecs, str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def airflow(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAirflow]:
    home = tmp_path_factory.mktemp("airflow")
    with EmbeddedAirflow(home, allowed_roots=[folder], parallelism=2) as started:
        started.wait_for_dag(DAG)
        yield started
    started.drop_database()


@pytest.fixture
def client(airflow: EmbeddedAirflow) -> Iterator[AirflowClient]:
    with airflow.client() as opened:
        yield opened


def encoders(airflow: EmbeddedAirflow) -> list[psutil.Process]:
    """The children that encode segments just now."""
    mine = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "media_ops.worker.child" in words and "process" in words:
            try:
                if process.environ().get("MEDIA_OPS_INSTANCE") == str(airflow.home):
                    mine.append(process)
            except psutil.Error:
                continue
    return mine


def wait_for_encoders(airflow: EmbeddedAirflow, seconds: float = 60) -> list[psutil.Process]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := encoders(airflow):
            return found
        time.sleep(0.1)
    raise AssertionError("no segment was ever encoded")


def same(a: Path, b: Path) -> bool:
    return subprocess.run(["media", "compare", str(a), str(b)], env=with_path(), check=False).returncode == 0


def with_path() -> dict[str, str]:
    import sys

    return dict(os.environ, PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")


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


@pytest.mark.slow
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
    import re

    output = folder / "refused.mp4"
    run_id = f"refused-{abs(hash(words))}"
    client.trigger(DAG, {"source": str(film), "output": str(output)} | change, run_id=run_id)
    assert client.wait(DAG, run_id, 60)["state"] == "failed"
    probe = next(t for t in client.task_instances(DAG, run_id) if t["task_id"] == "probe")
    assert (probe["state"], probe["try_number"]) == ("failed", 1)
    assert re.search(words, client.logs(DAG, run_id, "probe"))
    assert not output.exists()


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


@pytest.mark.slow
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
