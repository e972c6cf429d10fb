"""The command of the embedded Airflow: from folders that are hard to start from, and as an unprivileged user."""

from __future__ import annotations

import os
import re
import shutil
import signal
import site
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from media_airflow.embedded import AirflowClient, EmbeddedAirflow
from media_airflow.embedded.layout import layout_of
from media_airflow.embedded.processes import processes_of
from media_airflow.embedded.settings import CHECKOUT

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

COMMAND = ("-m", "media_airflow.embedded")
NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")


def clone(target: Path) -> Path:
    """Copy the checkout with its environment, as a clone with an environment of its own would be."""
    target.mkdir(parents=True)
    for name in ("config", "dags", "media_ops", "plugins"):
        shutil.copytree(CHECKOUT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    # Hard links: the environment is a gigabyte.
    subprocess.run(["cp", "-al", sys.prefix, target / ".venv"], check=True)
    for path in (target / ".venv").glob("lib/python*/site-packages/*.pth"):
        text = path.read_text().replace(str(CHECKOUT), str(target))
        path.unlink()
        path.write_text(text)
    return target


def modes(*folders: Path) -> dict[Path, int]:
    """Note the modes of folders and all folders below and above them, but for what a start makes."""
    paths = {above for folder in folders for above in (folder, *folder.parents)}
    paths |= {path for folder in folders for path in folder.rglob("*") if path.is_dir() and "build" not in path.parts}
    return {path: stat.S_IMODE(path.stat().st_mode) for path in paths if path.name != "__pycache__"}


def run(python: Path, *arguments: str, home: Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [python, *COMMAND, *arguments, "--home", home], capture_output=True, text=True, check=False, **options
    )


@pytest.fixture
def deep() -> Iterator[Path]:
    """Give a folder below /tmp that is not pytest's, whose own parents are private already."""
    folder = Path(tempfile.mkdtemp(prefix="media-ops-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("place", ["closed", "long"])
def test_a_clone_starts_and_stops(deep: Path, place: str) -> None:
    if place == "closed":
        (deep / "closed").mkdir(mode=0o700)
        checkout = clone(deep / "closed" / "clone")
    else:
        checkout = clone(deep / ("x" * (149 - len(str(deep)))))
        assert len(str(checkout)) == 150
    python, home = checkout / ".venv" / "bin" / "python", checkout / "build" / "airflow"
    before = modes(checkout)
    try:
        first = run(python, "up", home=home)
        assert first.returncode == 0, first.stdout + first.stderr
        assert "migrating" in first.stdout
        found = dict(re.findall(r"^  (\w+) +(\S+)$", first.stdout, re.MULTILINE))
        with AirflowClient(found["address"], found["user"], found["password"]) as client:
            assert client.get("/api/v2/monitor/health")["scheduler"]["status"] == "healthy"
        again = run(python, "up", home=home)
        assert again.returncode == 0
        assert "is up already" in again.stdout
        assert found["address"] in again.stdout
        assert run(python, "status", home=home).stdout.count("RUNNING") == 4
    finally:
        down = run(python, "down", "--drop", home=home)
    assert down.stdout == "Airflow is stopped\n", down.stderr
    assert processes_of(layout_of(home)) == []
    assert run(python, "status", home=home).returncode == 1
    assert {path: mode for path, mode in modes(checkout).items() if path in before} == before


@needs_root
def test_an_unprivileged_user_starts_it_in_a_long_path(deep: Path) -> None:
    home = deep / ("x" * 150) / "airflow"
    home.parent.mkdir()
    os.chown(home.parent, NOBODY, NOBODY)
    options = {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": "/"}
    options["env"] = {
        "HOME": str(home.parent),
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": os.pathsep.join([*site.getsitepackages(), str(CHECKOUT), str(CHECKOUT / "plugins")]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    python = shutil.which("python3.11", path="/usr/local/bin:/usr/bin")
    if not python or subprocess.run([python, "-c", "import media_airflow"], **options, check=False).returncode:  # type: ignore[call-overload]
        pytest.skip("the checkout, or Python, is closed to others")
    try:
        up = run(Path(python), "up", home=home, **options)
        assert up.returncode == 0, up.stdout + up.stderr
        layout = layout_of(home)
        assert {process.uids().real for process in processes_of(layout)} == {NOBODY}
        assert (home / "postgres" / "data" / "PG_VERSION").exists()
    finally:
        down = run(Path(python), "down", "--drop", home=home, **options)
    assert down.stdout == "Airflow is stopped\n", down.stderr


@pytest.mark.parametrize("line", ["starting PostgreSQL", "migrating", "waiting"])
def test_ctrl_c_leaves_nothing_running(deep: Path, line: str) -> None:
    home = deep / "home"
    airflow = EmbeddedAirflow(home)
    command = [sys.executable, *COMMAND, "up", "--home", str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as program:
        assert program.stdout is not None
        for text in program.stdout:
            if line in text:
                # As the terminal does: the whole group of processes gets it.
                os.killpg(program.pid, signal.SIGINT)
                break
        assert program.wait(60) == 130
    assert processes_of(airflow.layout) == []
    airflow.drop_database()
