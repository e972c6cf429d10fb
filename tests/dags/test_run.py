"""Whole DAG runs in this process, on small clips."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.dags.conftest import Place, Run

pytestmark = pytest.mark.airflow


def link(clip: Path, folder: Path) -> str:
    """Put a clip where a job may read it."""
    path = folder / clip.name
    path.hardlink_to(clip)
    return str(path)


def test_a_clip_in_three_segments(run: Callable[..., Run], place: Place, clip: Path) -> None:
    output = place.root / "new" / "out.mkv"
    done = run(source=link(clip, place.root), output=str(output), segments=3, preset="ultrafast")
    assert done.state == "success"
    assert done.states("process") == ["success"] * 3
    assert [label is not None and label.startswith("00:00:0") for label in done.labels("process")] == [True] * 3
    assert done.states("audio") == ["success"]
    assert {index: (seen["done"], seen["total"]) for index, seen in progress(done.run_id).items()} == {
        0: (50, 50),
        1: (50, 50),
        2: (50, 50),
    }
    assert output.stat().st_size > 1000
    metrics = done.outcome.pop("figures")
    assert done.states("analyse") == done.states("conclude") == ["skipped"]
    worked = [task for task in done.tasks.values() if str(task.state) == "success"]
    assert (done.outcome.pop("attempts"), done.outcome.pop("retries")) == (len(worked) - 2, [])
    assert done.outcome == {"outcome": "succeeded", "output": str(output), "reused": False, "errors": []}
    assert (metrics["frames"], metrics["bytes_read"], metrics["bytes_out"]) == (150, 0, output.stat().st_size)
    assert kept(place) == {"index", "source", "trace 00000", "trace 00001", "trace 00002"}
    assert list(place.scratch.iterdir()) == []


def test_a_silent_clip_skips_the_sound_and_is_merged(
    run: Callable[..., Run], place: Place, silent_clip: Path
) -> None:
    output = place.root / "out.mp4"
    done = run(source=f"file://{link(silent_clip, place.root)}", output=str(output), slice=False, preset="ultrafast")
    assert done.state == "success"
    assert (done.states("audio"), done.states("merge"), done.states("process")) == (
        ["skipped"],
        ["success"],
        ["success"],
    )
    assert output.exists()


@pytest.mark.slow
def test_slices_are_read_in_place_of_the_source(run: Callable[..., Run], place: Place, clip: Path) -> None:
    made = []
    for slices in ("virtual", "physical"):
        output = place.root / slices / "out.mp4"
        source = place.root / clip.name
        source.unlink(missing_ok=True)
        done = run(source=link(clip, place.root), output=str(output), segments=3, preset="ultrafast", slices=slices)
        assert done.state == "success"
        made.append(output.read_bytes())
    assert made[0] == made[1]
    left = [path.parent.name for path in place.store.rglob("*") if path.is_file()]
    assert not [name for name in left if name.startswith("slices")]


def progress(run_id: str) -> dict[int, Any]:
    """Read the progress of a run's segments by map index."""
    from airflow.models.task_state_store import TaskStateStoreModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(TaskStateStoreModel).filter_by(run_id=run_id, task_id="process", key="progress")
        return {row.map_index: json.loads(row.value) for row in session.scalars(query)}


def kill_one_segment_child(until: threading.Event) -> list[int]:
    """Kill -9 the second child that produces a segment, as soon as it is seen; give the killed process ids."""
    seen: list[int] = []
    killed: list[int] = []
    while not until.is_set() and not killed:
        for child in psutil.Process().children():
            try:
                words = child.cmdline()
            except psutil.Error:
                continue
            if "media_ops.worker.child" in words and "process" in words and child.pid not in seen:
                seen.append(child.pid)
                if len(seen) == 2:
                    child.kill()
                    killed.append(child.pid)
        time.sleep(0.005)
    return killed


def test_a_killed_child_has_its_segment_alone_retried(run: Callable[..., Run], place: Place, clip: Path) -> None:
    over, killed = threading.Event(), []
    killer = threading.Thread(target=lambda: killed.extend(kill_one_segment_child(over)))
    killer.start()
    try:
        output = place.root / "out.mp4"
        done = run(source=link(clip, place.root), output=str(output), segments=2, preset="ultrafast")
    finally:
        over.set()
        killer.join()
    assert len(killed) == 1
    assert (done.state, done.states("process")) == ("success", ["success"] * 2)
    assert sorted(done.tries("process")) == [1, 2]
    assert (done.tries("probe"), done.tries("cut"), done.tries("merge")) == ([1], [1], [1])


def test_a_link_turned_before_the_merge_is_noticed(
    run: Callable[..., Run], place: Place, silent_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from media_airflow.operators import MergeOperator

    folder = place.root / "folder"
    folder.mkdir()
    work = MergeOperator.work

    def turn_first(self: Any, job: Any, context: Any) -> Any:
        folder.rmdir()
        folder.symlink_to(place.outside)
        return work(self, job, context)

    monkeypatch.setattr(MergeOperator, "work", turn_first)
    done = run(source=link(silent_clip, place.root), output=str(folder / "out.mp4"), slice=False, preset="ultrafast")
    assert (done.state, done.states("merge"), done.tries("merge")) == ("failed", ["failed"], [1])
    assert [error["code"] for error in done.outcome["errors"]] == ["source_not_allowed"]
    assert list(place.outside.iterdir()) == []
    assert not [name for name in kept(place) if name.endswith((".nut", ".mov"))]


def kept(place: Place) -> set[str]:
    """Name what remains of a job's own objects; of the traces those of segments, by their number."""
    names = set()
    for path in (place.store / "media-segment" / "jobs+").rglob("*"):
        if path.is_file() and "traces+" not in path.parts:
            names.add(path.name)
        elif path.is_file() and path.parent.name == "process+":
            names.add(f"trace {path.name[:5]}")
    return names


def shown(path: Path) -> list[bytes]:
    """Give every frame's digest."""
    import av

    from media_ops.frames.fingerprint import exact_digest

    with av.open(str(path)) as container:
        return [exact_digest(frame, frame.format.name) for frame in container.decode(video=0)]


def whole(name: str, source: str, output: Path, **params: Any) -> list[bytes]:
    """Do the same without Airflow, in one piece."""
    from media_ops.asked import taken
    from media_ops.registry import get
    from tests.media.conftest import Job

    path, params = taken(get(name), [source], params)
    work = Job(Path(path), output.with_suffix(""), params, name, output.suffix)
    work.run(1)
    return shown(work.output)


def test_an_algorithm_that_looks_first(run: Callable[..., Run], place: Place, silent_clip: Path) -> None:
    source, output = link(silent_clip, place.root), place.root / "out.mkv"
    wish = {"encoder": "ffv1", "contrast": 0.5}
    done = run("enhance_color", source=source, output=str(output), segments=2, **wish)
    assert (done.state, done.states("conclude")) == ("success", ["success"])
    assert done.states("analyse") == done.states("process") == ["success"] * 2
    assert done.labels("analyse") == done.labels("process")
    assert shown(output) == whole("enhance_color", source, place.outside / "whole.mkv", **wish)
    assert kept(place) == {"index", "source", "trace 00000", "trace 00001"}


@pytest.mark.slow
def test_an_algorithm_with_files(run: Callable[..., Run], place: Place, silent_clip: Path) -> None:
    from PIL import Image

    source, output, logo = link(silent_clip, place.root), place.root / "out.mkv", place.root / "logo.png"
    Image.new("RGBA", (40, 20), (255, 0, 0, 200)).save(logo)
    wish = {"encoder": "ffv1", "image": f"file://{logo}", "text": "水印"}
    done = run("watermark", source=source, output=str(output), segments=2, **wish)
    assert (done.state, done.states("process")) == ("success", ["success"] * 2)
    made = shown(output)
    assert made == whole("watermark", source, place.outside / "whole.mkv", **wish)
    assert made != shown(Path(source))
    assert kept(place) == {"index", "source", "trace 00000", "trace 00001"}


def test_a_bit_rate_takes_two_passes(run: Callable[..., Run], place: Place, clip: Path) -> None:
    output = place.root / "out.mp4"
    done = run(source=link(clip, place.root), output=str(output), segments=3, preset="superfast", bitrate="400k")
    assert done.state == "success"
    assert done.states("analyse") == done.states("process") == ["success"] * 3
    assert done.states("conclude") == ["success"]
    proof = json.loads(Path(f"{output}.proof.json").read_text())
    assert proof["rate"]["bitrate"] == 400_000
    assert proof["rate"]["reached"] == pytest.approx(400_000, rel=0.03)
    assert list(place.scratch.iterdir()) == []
    again = run(
        source=str(place.root / clip.name), output=str(output), segments=3, preset="superfast", bitrate="400k"
    )
    assert again.states("analyse") == again.states("process") == again.states("merge") == ["skipped"]
    assert again.outcome["reused"]
