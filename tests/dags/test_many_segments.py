"""More segments than Airflow maps never break a job."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.dags.conftest import Place, Run
from tests.dags.test_reuse import pulled
from tests.dags.test_run import link

pytestmark = pytest.mark.airflow


def test_a_plan_has_no_more_segments_than_airflow_maps(
    run: Callable[..., Run], place: Place, silent_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__MAX_MAP_LENGTH", "2")
    done = run(source=link(silent_clip, place.root), segments=3, preset="ultrafast")
    assert (done.state, done.states("process")) == ("success", ["success"] * 2)
    (plan,) = pulled(done, "cut", "plan")
    assert plan["warnings"] == ["2 segments, not 3: more are not worked on side by side here"]


def test_what_airflow_carries_of_a_segment_is_little(
    run: Callable[..., Run], place: Place, silent_clip: Path
) -> None:
    done = run(source=link(silent_clip, place.root), segments=4, preset="ultrafast")
    assert done.state == "success"
    (named,) = pulled(done, "cut")
    assert [sorted(one) for one in named] == [["frames", "label", "order"]] * 4
    assert len(json.dumps(named)) < 4 * 100
    made = pulled(done, "process")
    assert [one["frames"] for one in named] == [segment["end"] - segment["start"] for segment in made]
    assert max(len(json.dumps(result)) for result in made) < 4096
