"""DAG runs in this process, on the throw-away home that tests/conftest.py names."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.storage.conftest import server as s3_server

if TYPE_CHECKING:
    from airflow.models.taskinstance import TaskInstance
    from airflow.sdk import DAG

__all__ = ["s3_server"]
REPOSITORY = Path(__file__).parents[2]


HOME = Path(os.environ["AIRFLOW_HOME"])  # made by tests/conftest.py


@pytest.fixture(scope="package", autouse=True)
def airflow_home() -> Path:
    """Make sure that Airflow lives in the throw-away home."""
    from airflow import configuration

    assert Path(configuration.AIRFLOW_HOME) == HOME, "airflow was imported while tests were collected"
    return HOME


@pytest.fixture(scope="package")
def database(airflow_home: Path) -> None:
    """Create Airflow's tables."""
    from airflow.utils.db import initdb

    initdb()


@dataclass(frozen=True)
class Place:
    """Where a test's jobs may work: `root` is allowed, `outside` is not."""

    root: Path
    outside: Path
    store: Path
    scratch: Path

    def leftovers(self) -> list[Path]:
        """List what a refused job must not leave, traces apart: segments, scratch folders, half-written outputs."""
        temporary = [*self.scratch.iterdir(), *self.root.rglob(".media-ops-*")]
        return temporary + [path for path in self.store.rglob("*") if path.is_file() and "traces+" not in path.parts]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Make the folders and say so in the environment."""
    place = Place(*(tmp_path / name for name in ("root", "outside", "store", "scratch")))
    for folder in (place.root, place.outside, place.store, place.scratch):
        folder.mkdir()
    monkeypatch.setenv("MEDIA_OPS_STORE", str(place.store))
    monkeypatch.setenv("MEDIA_OPS_ALLOWED_ROOTS", str(place.root))
    monkeypatch.setenv("MEDIA_OPS_WORKERS", "2")
    monkeypatch.setenv("TMPDIR", str(place.scratch))
    monkeypatch.setattr("tempfile.tempdir", None)
    return place


@dataclass
class Run:
    """A finished DAG run."""

    run_id: str
    state: str
    tasks: dict[tuple[str, int], TaskInstance]
    outcome: dict[str, Any] = field(default_factory=dict)

    def states(self, task_id: str) -> list[str | None]:
        """List the states of a task's instances by map index."""
        return [str(task.state) for (name, _), task in sorted(self.tasks.items()) if name == task_id]

    def tries(self, task_id: str) -> list[int]:
        """List the number of tries of a task's instances by map index."""
        return [task.try_number for (name, _), task in sorted(self.tasks.items()) if name == task_id]

    def labels(self, task_id: str) -> list[str | None]:
        """List the labels of a mapped task's instances."""
        return [task.rendered_map_index for (name, _), task in sorted(self.tasks.items()) if name == task_id]


@pytest.fixture(scope="package")
def dags(database: None) -> dict[str, DAG]:
    """Parse `dags/` as the DAG processor does."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(REPOSITORY / "dags")
    assert bag.import_errors == {}
    return dict(bag.dags)


@pytest.fixture
def run(database: None, place: Place) -> Callable[..., Run]:
    """Give a function that runs the DAG to its end, all tasks in this process one after another."""

    def run(algorithm: str = "transcode_h264", **conf: Any) -> Run:
        from airflow.models.xcom import XComModel
        from airflow.utils.session import create_session
        from sqlalchemy import select

        from media_airflow.dag import media_dag
        from media_ops.registry import get

        # A new DAG each time: Airflow writes a run's conf into the DAG's own Param objects.
        dag_run = media_dag(get(algorithm)).test(run_conf=conf)
        tasks = {(task.task_id, task.map_index): task for task in dag_run.get_task_instances()}
        with create_session() as session:
            outcome = session.scalar(
                select(XComModel.value).where(
                    XComModel.run_id == dag_run.run_id,
                    XComModel.task_id == "notify",
                    XComModel.key == "return_value",
                )
            )
        return Run(dag_run.run_id, str(dag_run.state), tasks, outcome or {})

    return run


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make 6 s of moving picture with a tone."""
    return make_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", "sine=frequency=440:duration=6")


@pytest.fixture(scope="session")
def silent_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make 2 s of moving picture without sound."""
    return make_clip(tmp_path_factory.mktemp("clips") / "silent.mp4", None, seconds=2)


def make_clip(path: Path, sound: str | None, seconds: int = 6) -> Path:
    """Write a small H.264 file."""
    picture = ["-f", "lavfi", "-i", f"testsrc2=size=320x180:rate=25:duration={seconds}"]
    tone = ["-f", "lavfi", "-i", sound, "-c:a", "aac"] if sound else []
    video = ["-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-pix_fmt", "yuv420p"]
    return ffmpeg(path, *picture, *tone, *video)


def ffmpeg(path: Path, *arguments: str) -> Path:
    """Run the ffmpeg program to make `path`."""
    command = ["ffmpeg", "-v", "error", "-y", *arguments, str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path
