"""What was made before is not made again, and what is broken is."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.dags.conftest import Place, Run
from tests.dags.test_run import link, shown

pytestmark = pytest.mark.airflow
RunJob = Callable[..., Run]
WISH: dict[str, Any] = {"segments": 3, "preset": "ultrafast", "verify": "full"}


@pytest.fixture
def source(place: Place, silent_clip: Path) -> str:
    """Give a film that was written a while ago: what is newer is not remembered by its time."""
    path = link(silent_clip, place.root)
    time.sleep(max(0.0, 2.1 - (time.time() - os.stat(path).st_ctime)))  # a link is a change of the file
    return path


def pulled(done: Run, task_id: str, key: str = "return_value") -> list[Any]:
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        rows = session.scalars(
            select(XComModel)
            .where(XComModel.run_id == done.run_id, XComModel.task_id == task_id, XComModel.key == key)
            .order_by(XComModel.map_index)
        )
        return [XComModel.deserialize_value(row) for row in rows]


def stored(place: Place, role: str, ending: str) -> list[Path]:
    return sorted((place.store / f"media-{role}").rglob(f"*{ending}"))


def test_a_repeated_request_is_answered_at_once(run: RunJob, place: Place, source: str) -> None:
    wish = WISH | {"segments": 2}
    first = run(source=source, **wish)
    assert (first.state, first.outcome["reused"]) == ("success", False)
    (kept,) = stored(place, "result", ".mp4")
    assert first.outcome["output"] == str(kept)
    made = kept.read_bytes()

    Path(source).chmod(0)  # which does not stop us as root, but says what is meant
    again = run(source=source, output=str(place.root / "new" / "copy.mp4"), container=".mkv", **wish)
    assert (again.state, again.outcome["reused"]) == ("success", True)
    states = [again.states(task) for task in ("probe", "cut", "process", "merge", "notify", "published")]
    assert states == [["success"], ["skipped"], ["skipped"], ["skipped"], ["success"], ["skipped"]]
    assert not stored(place, "segment", f"{again.run_id}*")
    output = place.root / "new" / "copy.mp4"
    assert output.read_bytes() == made
    assert sorted(os.listdir(output.parent)) == ["copy.mp4", "copy.mp4.proof.json"]
    (found,) = pulled(again, "probe", "found")
    proof = found["proof"]
    assert (proof["output_name"], proof["source_path"]) == ("copy.mp4", f"../{Path(source).name}")
    assert proof["output_sha256"] == hashlib.sha256(made).hexdigest()

    kept.write_bytes(made[:-1] + b"?")
    repaired = run(source=source, **wish)
    assert (repaired.state, repaired.outcome["reused"]) == ("success", False)
    assert Path(repaired.outcome["output"]).read_bytes() == made
    # Its segments were whole.
    assert [segment["reused"] for segment in pulled(repaired, "process")] == [True] * 2


@pytest.mark.slow
def test_what_is_another_request_and_what_is_not(run: RunJob, place: Place, source: str) -> None:
    first = run(source=source, **WISH)
    moved = Path(source).rename(place.root / "another name.mp4")
    by_content = run(source=str(moved), **WISH)
    assert (by_content.outcome["reused"], by_content.outcome["output"]) == (True, first.outcome["output"])
    assert by_content.states("cut") == ["skipped"]

    forced = run(source=str(moved), force=True, **WISH)
    assert (forced.state, forced.outcome["reused"]) == ("success", False)
    assert [segment["reused"] for segment in pulled(forced, "process")] == [False] * 3
    other = run(source=str(moved), **{**WISH, "preset": "superfast"})
    assert (other.state, other.outcome["reused"]) == ("success", False)


@pytest.mark.slow
def test_a_restarted_job_makes_what_is_lost_and_no_more(
    run: RunJob, place: Place, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from media_airflow.operators import MergeOperator

    work, lost = MergeOperator.work, []

    def lose_one(self: Any, job: Any, context: Any) -> Any:
        for path in stored(place, "segment", ".nut")[:1]:
            lost.append(path)
            path.unlink()
        return work(self, job, context)

    with monkeypatch.context() as patch:
        patch.setattr(MergeOperator, "work", lose_one)
        first = run(source=source, output=str(place.root / "out.mp4"), **WISH)
    assert (first.state, len(lost)) == ("success", 1)
    (merged,) = pulled(first, "merge")
    assert [warning for warning in merged["warnings"] if "lost or damaged" in warning]
    assert shown(place.root / "out.mp4") == whole_frames(source, place)

    (record,) = stored(place, "result", "result.json")
    record.unlink()
    damaged = stored(place, "segment", ".nut")[0]
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    again = run(source=source, output=str(place.root / "again.mp4"), **WISH)
    assert sorted(segment["reused"] for segment in pulled(again, "process")) == [False, True, True]
    assert (place.root / "again.mp4").read_bytes() == (place.root / "out.mp4").read_bytes()


def whole_frames(source: str, place: Place) -> list[bytes]:
    """Decode what the same cuts give without Airflow: lossy frames follow from where they are cut."""
    from media_ops.model import JobOptions
    from media_ops.run import run as run_here

    params = {"preset": WISH["preset"]}
    output = place.outside / "whole.mp4"
    report = run_here("transcode_h264", [source], str(output), params, JobOptions(segments=3), workers=1)
    assert report.error is None
    return shown(output)
