"""A ladder whose source and whose files are in buckets of a real S3 server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media_ops.storage.s3 import S3Store
from tests.dags.conftest import Place, Run
from tests.dags.test_s3_run import buckets as buckets

pytestmark = [pytest.mark.airflow, pytest.mark.s3, pytest.mark.slow]

RENDITIONS: list[dict[str, Any]] = [
    {"height": 120, "preset": "ultrafast"},
    {"height": 90, "bitrate": "100k", "preset": "ultrafast"},
]


def test_its_files_and_its_manifest_stand_beside_one_another(
    run: Callable[..., Run], place: Place, buckets: dict[str, S3Store], clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "film").write_bytes(clip.read_bytes())
    buckets["source"].put("films/film.mp4", tmp_path / "film")
    wish = {"source": "s3://media-source/films/film.mp4", "output": "s3://media-result/made/out.mp4"}
    done = run("ladder", segments=2, renditions=RENDITIONS, **wish)
    assert done.state == "success"
    assert done.outcome["output"] == "s3://media-result/made/out.ladder.json"
    results = buckets["result"]
    names = ["out.120p.mp4", "out.90p.mp4"]
    assert sorted(found.key for found in results.list("made/")) == sorted(
        ["made/out.ladder.json", *(f"made/{name}{ending}" for name in names for ending in ("", ".proof.json"))]
    )
    with results.open("made/out.ladder.json") as file:
        manifest = json.load(file)
    assert [one["file"] for one in manifest["outputs"]] == names
    for one in manifest["outputs"]:
        results.fetch(f"made/{one['file']}", tmp_path / one["file"])
        assert hashlib.sha256((tmp_path / one["file"]).read_bytes()).hexdigest() == one["sha256"]
    assert list(place.scratch.iterdir()) == []
    refused = run("ladder", segments=2, renditions=RENDITIONS, replace=False, **wish)
    assert [error["code"] for error in refused.outcome["errors"]] == ["output_exists"]
