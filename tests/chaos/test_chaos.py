"""Whatever is killed: the job ends by itself with an exact result, nothing is done twice, nothing is left."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from media_airflow.embedded import AirflowClient
from media_ops.storage.document import read_document
from tests.chaos.conftest import ROWS, Seen
from tests.chaos.kills import STALL_SECONDS, full, kill
from tests.chaos.rows import ROWS as TABLE
from tests.chaos.rows import Row
from tests.chaos.seen import recomputed, seconds_to_retry
from tests.chaos.stage import SEGMENTS, Stage, make_film, pictures, wait_for

pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(600)]

DAG = "transcode_h264"
VERBS = {"probing": "probe", "first segment": "process", "half of the segments": "process", "merging": "merge"}
FULL_SECONDS = 6.0


@pytest.fixture(scope="session")
def undisturbed(stage: Stage) -> list[str]:
    """Give the pictures and sound of a job to which nothing happens."""
    output = start(stage, "undisturbed")
    with stage.airflow.client() as client:
        assert client.wait(DAG, "undisturbed", 300)["state"] == "success"
    return pictures(output)


def start(stage: Stage, run_id: str, dag_id: str = DAG, **more: object) -> Path:
    source = make_film(stage.folder / f"{run_id}.mp4", run_id)
    output = stage.folder / f"out of {run_id}.mp4"
    wish = {"source": str(source), "output": str(output), "segments": SEGMENTS, "verify": "full", "preset": "slower"}
    with stage.airflow.client() as client:
        client.trigger(dag_id, wish | more, run_id=run_id)
    return output


def wait_for_moment(stage: Stage, row: Row, run_id: str) -> None:
    if row.moment == "half of the segments":
        wait_for("half of the segments", lambda: stage.segments_done(DAG, run_id) >= SEGMENTS // 2, every=0.2)
    wait_for(f"a child at {row.moment}", lambda: stage.children(VERBS[row.moment]))


def test_where_nothing_happens_watching_costs_little(stage: Stage, undisturbed: list[str]) -> None:
    spent = [trace.metrics for trace in stage.traces(DAG, "undisturbed")]
    watching, all_of_it = sum(one.watching_cpu_seconds for one in spent), sum(one.cpu_seconds for one in spent)
    print(f"\nwatching took {watching:.3f} of {all_of_it:.1f} CPU-s, {watching / all_of_it:.2%}")
    assert 0 < watching <= 0.01 * all_of_it


@pytest.mark.parametrize("row", [row for row in TABLE if not row.misbehaves], ids=str)
def test_a_job_ends_right(stage: Stage, undisturbed: list[str], row: Row, request: pytest.FixtureRequest) -> None:
    run_id = re.sub(r"\W+", "-", str(row))
    output = start(stage, run_id)
    wait_for_moment(stage, row, run_id)
    killed = time.time()
    if row.kill.startswith("full disk"):
        role = row.kill.rpartition(" ")[2].removesuffix("s")
        with full(stage.folder.parent / "stores" / f"media-{role}"):
            time.sleep(FULL_SECONDS)
        counted_from = killed
    else:
        counted_from = kill(stage, row.kill, VERBS[row.moment])
    with stage.airflow.client() as client:
        state = ended(client, run_id)
    judge(stage, row, run_id, state, output, (killed, counted_from), undisturbed, request)


def ended(client: AirflowClient, run_id: str, dag_id: str = DAG) -> str:
    return str(client.wait(dag_id, run_id, 400)["state"])


@pytest.fixture(scope="session")
def behaving(stage: Stage) -> list[str]:
    """Give the pictures and sound of a job whose algorithm behaves."""
    output = start(stage, "behaving", "misbehaving")
    with stage.airflow.client() as client:
        assert ended(client, "behaving", "misbehaving") == "success"
    return pictures(output)


@pytest.mark.parametrize("row", [row for row in TABLE if row.misbehaves], ids=str)
def test_a_job_whose_child_misbehaves_once_ends_right(
    stage: Stage, behaving: list[str], row: Row, request: pytest.FixtureRequest
) -> None:
    run_id = re.sub(r"\W+", "-", str(row))
    marks = stage.folder / f"marks of {run_id}"
    marks.mkdir()
    does = {"how": row.misbehaves, "at": 200, "seconds": 300, "size": 2 << 30, "once": str(marks)}
    output = start(stage, run_id, "misbehaving", **does)
    with stage.airflow.client() as client:
        state = ended(client, run_id, "misbehaving")
    (mark,) = marks.iterdir()
    began = mark.stat().st_mtime
    if row.misbehaves == "spin":
        counted_from = began + STALL_SECONDS
    else:  # it is ended when its memory has been filled, or at once
        traces = stage.traces("misbehaving", run_id)
        counted_from = max(one.ended or 0.0 for one in traces if one.outcome == "failed")
    judge(stage, row, run_id, state, output, (began, counted_from), behaving, request, "misbehaving")


def judge(
    stage: Stage,
    row: Row,
    run_id: str,
    state: str,
    output: Path,
    at: tuple[float, float],
    wanted: list[str],
    request: pytest.FixtureRequest,
    dag_id: str = DAG,
) -> None:
    """Note what is left and what was done again, then hold it against what the row allows."""
    deadline = time.monotonic() + 10
    while (left := stage.orphans()) and time.monotonic() < deadline:
        time.sleep(0.2)
    traces = stage.traces(dag_id, run_id)
    retry = seconds_to_retry(traces, *at)
    proved = False
    if state == "success":
        proof = read_document(output.with_name(f"{output.name}.proof.json"))
        proved = proof.sealed and proof.proof.frames_compared == proof.proof.frames_out and pictures(output) == wanted
    seen = Seen(row.kill, row.moment, retry, recomputed(traces), len(left), proved)
    request.config.stash[ROWS].append(seen)
    assert state == "success"
    assert proved
    assert (seen.recomputed, seen.orphans) == (0, 0)
    assert stage.leftovers() == []
    published = [one for one in traces if one.event == "merge" and one.outcome == "succeeded"]
    assert len(published) == 1
    if row.within is None:
        assert retry is None
    else:
        assert retry is not None
        assert retry <= row.within
