"""A ladder as a DAG run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.dags.conftest import Place, Run
from tests.dags.test_run import link

pytestmark = pytest.mark.airflow

RENDITIONS: list[dict[str, Any]] = [
    {"height": 180, "preset": "ultrafast"},
    {"height": 120, "bitrate": "200k", "preset": "ultrafast"},
    {"height": 90, "codec": "h265", "preset": "ultrafast"},
]


def test_one_run_makes_all_renditions(run: Callable[..., Run], place: Place, clip: Path) -> None:
    output = place.root / "new" / "out.mp4"
    source = link(clip, place.root)
    done = run("ladder", source=source, output=str(output), segments=3, renditions=RENDITIONS)
    assert done.state == "success"
    assert done.states("analyse") == done.states("process") == ["success"] * 3
    assert done.states("conclude") == ["success"]
    outcome = done.outcome
    assert (outcome["outcome"], outcome["errors"]) == ("succeeded", [])
    assert outcome["output"] == str(output.parent / "out.ladder.json")
    files = [output.parent / f"out.{name}.mp4" for name in ("180p", "120p", "90p")]
    assert outcome["outputs"] == list(map(str, files))
    manifest = json.loads(Path(outcome["output"]).read_text())
    assert [one["file"] for one in manifest["outputs"]] == [file.name for file in files]
    assert [one["size"] for one in manifest["outputs"]] == [file.stat().st_size for file in files]
    assert manifest["key_frames"] == 3
    assert outcome["figures"]["bytes_out"] == sum(file.stat().st_size for file in files)
    assert {path.name for path in output.parent.iterdir()} == {
        "out.ladder.json",
        *(file.name for file in files),
        *(f"{file.name}.proof.json" for file in files),
    }
    assert list(place.scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("conf", "code", "words"),
    [
        ({}, "params_invalid", "'output' is missing"),
        ({"output": "out.mp4", "renditions": [{"height": 90}, {"height": 182}]}, "params_invalid", "larger than"),
        ({"output": "out.webm"}, "unsupported", "cannot hold"),
    ],
)
def test_a_ladder_that_cannot_be_made_is_refused(
    conf: dict[str, Any], code: str, words: str, run: Callable[..., Run], place: Place, clip: Path
) -> None:
    if "output" in conf:
        conf = conf | {"output": str(place.root / conf["output"])}
    done = run("ladder", source=link(clip, place.root), **conf)
    assert done.state == "failed"
    assert done.states("process") == ["upstream_failed"]
    (error,) = done.outcome["errors"]
    assert error["code"] == code
    assert words in error["message"]
    assert [path.name for path in place.root.iterdir()] == [clip.name]
