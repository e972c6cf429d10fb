"""The guide's algorithm, word for word, in a folder of its own: it is everywhere, and does what it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

REPOSITORY = Path(__file__).parents[2]
GUIDE = (REPOSITORY / "docs" / "write-an-algorithm.md").read_text()
CODE = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)[0]
TRY, CHECKOUT = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
FRAMES, THRESHOLD = 40, 30
Planes = list[NDArray[np.uint8]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with the algorithm and a film."""
    place = tmp_path_factory.mktemp("guide")
    (place / "mine").mkdir()
    (place / "mine" / "remove_dust.py").write_text(CODE)
    with av.open(str(place / "film.mp4"), "w") as film:
        video = film.add_stream("libx264", rate=25, options={"qp": "0", "preset": "ultrafast", "g": "10"})
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        for number in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(drawn(number), format="yuv420p")
            frame.pts = number
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
    return place


def drawn(number: int) -> NDArray[np.uint8]:
    """Draw a ramp with a box that moves, noise, and in every third frame a speck."""
    picture = np.full((96, 96), 128, np.uint8)
    picture[:64] = np.arange(60, 156)
    picture[10:26, 2 * number : 2 * number + 16] = 200
    picture[:64] += np.random.default_rng(number).integers(0, 12, (64, 96), np.uint8)
    if number % 3 == 1:
        picture[number : number + 3, 50:53] = 235
    return picture


def child(place: Path, *command: str, cwd: Path | None = None) -> str:
    """Run a command as somebody would whose shell names the folder."""
    environment = os.environ | {
        "MEDIA_OPS_ALGORITHMS": str(place / "mine"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        command, cwd=cwd or place, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def planes(path: Path) -> list[Planes]:
    with av.open(str(path)) as film:
        return [
            [
                np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, -1)[:, : plane.width].copy()
                for plane in frame.planes
            ]
            for frame in film.decode(video=0)
        ]


def without_dust(film: list[Planes], number: int) -> Planes:
    """Say in other words than the guide's what must come out."""
    expected = []
    for three in zip(film[max(0, number - 1)], film[number], film[min(FRAMES - 1, number + 1)], strict=True):
        median = np.median(np.stack(three).astype(int), axis=0).astype(int)
        expected.append(np.where(np.abs(median - three[1]) >= THRESHOLD, median, three[1]).astype(np.uint8))
    return expected


def test_its_commands_work_and_its_numbers_are_right(place: Path) -> None:
    said = child(place, "bash", "-ec", TRY)
    assert "remove_dust" in said.splitlines()
    assert "the files agree" in said
    film, whole, cut = (planes(place / name) for name in ("film.mp4", "whole.mkv", "cut.mkv"))
    assert [len(found) for found in (film, whole, cut)] == [FRAMES] * 3
    changed = 0
    for number in range(FRAMES):
        for made, in_pieces, expected in zip(whole[number], cut[number], without_dust(film, number), strict=True):
            np.testing.assert_array_equal(made, expected)
            np.testing.assert_array_equal(in_pieces, made)
        changed += int((whole[number][0] != film[number][0]).sum())
    assert changed >= 9 * (FRAMES // 3 - 2)  # a speck on the bright box is below the threshold
    assert film[31][0][32, 51] == 235
    assert abs(int(whole[31][0][32, 51]) - int(film[30][0][32, 51])) < 12


def test_it_is_in_the_registry_and_a_dag_with_a_form(place: Path) -> None:
    program = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from media_ops.registry import get
kind = get("remove_dust")
bag = DagBag(sys.argv[1])
dag = bag.dags["remove_dust"]
field = dag.params.get_param("threshold")
print(json.dumps({"title": kind.title(), "errors": bag.import_errors, "tasks": sorted(dag.task_ids),
    "page": dag.doc_md, "schema": field.schema, "default": field.value}))
"""
    known: dict[str, Any] = json.loads(
        child(place, sys.executable, "-c", program, str(REPOSITORY / "dags")).splitlines()[-1]
    )
    assert known["title"] == "Remove dust and scratches."
    assert known["errors"] == {}
    assert {"probe", "cut", "process", "merge"} <= set(known["tasks"])
    assert known["page"].startswith("# Remove dust and scratches\n\nWhat only one frame shows")
    assert (known["default"], known["schema"]["minimum"], known["schema"]["maximum"]) == (THRESHOLD, 1, 255)
    assert known["schema"]["title"] == "Threshold"


@pytest.mark.slow
def test_the_contract_tests_and_the_documentation_know_it(place: Path) -> None:
    pages = place / "pages"
    said = child(place, "bash", "-ec", CHECKOUT.replace("/tmp/pages", str(pages)), cwd=REPOSITORY)
    assert re.search(r"\b1 passed", said)
    assert "[remove_dust](remove_dust.md)" in (pages / "README.md").read_text()
    text = (pages / "remove_dust.md").read_text()
    assert "| `threshold` | integer ≥ 1, ≤ 255 | `30` |" in text
    assert "1 frame before it and 1 frame behind it" in text
    assert "(remove_dust.jpg)" in text
    assert (pages / "remove_dust.jpg").stat().st_size > 10_000


def test_it_is_in_this_project_s_style(place: Path) -> None:
    mine, settings = str(place / "mine"), str(REPOSITORY / "pyproject.toml")
    child(place, "ruff", "check", "--no-cache", "--config", settings, mine, cwd=REPOSITORY)
    child(place, "ruff", "format", "--no-cache", "--check", "--config", settings, mine, cwd=REPOSITORY)


def test_its_links_lead_somewhere() -> None:
    for name in re.findall(r"`((?:media_ops|tests|dags)/[\w./]+)`", GUIDE):
        assert (REPOSITORY / name).exists(), name
