"""The DAG of `measure_quality`, run in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.dags.conftest import Place, Run, ffmpeg
from tests.dags.test_run import link

pytestmark = pytest.mark.airflow


@pytest.fixture
def films(place: Place, clip: Path) -> dict[str, str]:
    """Put a source, and what was made of it, where jobs may read them."""
    source = link(clip, place.root)
    made = ffmpeg(place.root / "made.mp4", "-i", source, "-c:v", "libx264", "-crf", "32", "-an")
    return {"source": source, "made": str(made)}


def test_a_film_is_measured_in_three_segments(run: Callable[..., Run], place: Place, films: dict[str, str]) -> None:
    output = place.root / "new" / "quality.json"
    done = run("measure_quality", **films, output=str(output), segments=3)
    assert done.state == "success"
    assert done.states("measure") == ["success"] * 3
    assert [label is not None and label.startswith("00:00:0") for label in done.labels("measure")] == [True] * 3
    found = json.loads(output.read_text())
    assert (found["frames"], found["measurement"]["slicing"]["segments"]) == (150, 3)
    assert sorted(path.name for path in output.parent.iterdir()) == [
        "quality.frames.csv",
        "quality.json",
        "quality.plot.png",
    ]
    figures = done.outcome["figures"]
    assert done.outcome["outcome"] == "succeeded"
    assert done.outcome["output"] == str(output)
    assert figures["mean_vmaf"] == pytest.approx(found["scores"]["vmaf"]["mean"])
    assert list(place.scratch.iterdir()) == []
    assert not [path for path in place.store.rglob("*measured*") if path.is_file()]


def test_what_cannot_be_measured_is_refused_by_name(
    run: Callable[..., Run], place: Place, films: dict[str, str], silent_clip: Path
) -> None:
    output = str(place.root / "quality.json")
    outside = place.outside / "film.mp4"
    outside.hardlink_to(silent_clip)
    wrong = {
        "not_comparable": {"made": link(silent_clip, place.root), "output": output},
        "params_invalid": {},
        "unsupported": {"output": str(place.root / "quality.mp4")},
        "source_not_allowed": {"made": str(outside), "output": output},
    }
    for code, conf in wrong.items():
        done = run("measure_quality", **(films | conf))
        assert (done.state, [error["code"] for error in done.outcome["errors"]]) == ("failed", [code])
        assert done.states("measure") in ([], ["upstream_failed"])
    assert not Path(output).exists()
