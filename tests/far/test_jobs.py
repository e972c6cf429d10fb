"""Whole jobs on a source behind a web server: what the file itself gives, of few bytes, or a named refusal."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from media_ops.compare import CompareRequest
from media_ops.model import JobOptions, RunReport
from media_ops.requests import ProbeRequest
from media_ops.run import run
from media_ops.worker.attempt import compare_attempt, probe_attempt
from tests.conftest import Clip
from tests.far.web import Web, outage, web

SECRET = "SECRETSIGNATURE"
Job = Callable[..., RunReport]


@pytest.fixture
def server(served: Web, monkeypatch: pytest.MonkeyPatch) -> Web:
    monkeypatch.setenv("MEDIA_OPS_SOURCE_PATIENCE", "20")
    monkeypatch.setenv("MEDIA_OPS_TRIES", "1")
    return served


@pytest.fixture
def job(tmp_path: Path) -> Job:
    def go(source: str, name: str, segments: int = 2) -> RunReport:
        params = {"preset": "ultrafast"}
        output = tmp_path / "out" / name
        output.parent.mkdir(exist_ok=True)
        report = run("transcode_h264", [source], str(output), params, JobOptions(segments=segments), workers=2)
        assert SECRET not in json.dumps(report.model_dump())
        assert sorted(os.listdir(output.parent)) in ([], [name, f"{name}.proof.json"])
        return report

    return go


def served(server: Web, clip: Clip, name: str) -> Path:
    path = server.folder / name
    path.write_bytes(clip(name).read_bytes())
    os.utime(path, (1000, 1000))  # what was written a moment ago is waited for
    return path


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "name", ["vfr.mp4", pytest.param("late_sound.mkv", marks=SLOW), pytest.param("h264.ts", marks=SLOW)]
)
def test_a_far_source_gives_what_the_file_gives(server: Web, clip: Clip, job: Job, name: str) -> None:
    path = served(server, clip, name)
    near = job(str(path), "out.mp4")
    address = f"http://user:{SECRET}@{server.host}/{name}"
    far = job(f"{address}?signature={SECRET}", "out.mp4")
    assert near.proof
    assert far.proof, far.error
    same = {"made_at", "seal", "source_path"}
    assert far.proof.model_dump(exclude=same) == near.proof.model_dump(exclude=same)
    assert far.proof.source_path == server.url(name)
    assert far.inputs == [server.url(name)]
    # Small: fetched whole by the probe, and kept for the others, who ask for its version only.
    assert path.stat().st_size <= server.sent == far.metrics["bytes_read"] < path.stat().st_size + 64
    assert near.metrics["bytes_read"] == 0
    assert {query for _, _, query in server.asked} == {f"signature={SECRET}"}


def test_a_source_overwritten_during_its_job_fails_it(server: Web, clip: Clip, job: Job) -> None:
    path = served(server, clip, "plain.mp4")

    def overwrite(number: int) -> None:
        if number == 4:  # the probe is done
            other = path.with_suffix(".new")
            other.write_bytes(path.read_bytes())
            os.replace(other, path)

    server.fault = overwrite
    report = job(server.url("plain.mp4"), "out.mp4")
    assert report.error
    assert report.error["code"] == "source_changed"
    assert "was changed while it was worked on" in report.error["message"]


@SLOW
def test_an_outage_resets_and_short_answers_are_survived(server: Web, clip: Clip, job: Job) -> None:
    served(server, clip, "plain.mp4")
    down = outage(3)
    server.fault = lambda number: {1: "reset", 2: "cut"}.get(number) or down(number)
    report = job(server.url("plain.mp4"), "out.mp4")
    assert report.outcome == "succeeded", report.error
    assert len(server.asked) > 7


def test_a_server_that_stays_away_is_named(
    server: Web, clip: Clip, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FFmpeg takes a failed read for the end of the file: nothing may come of it."""
    served(server, clip, "plain.mp4")
    monkeypatch.setenv("MEDIA_OPS_SOURCE_PATIENCE", "1")
    server.fault = lambda number: 503 if number > 1 else None
    report = job(server.url("plain.mp4") + f"?x={SECRET}", "out.mp4")
    assert report.error
    assert report.error["code"] == "store_unavailable"
    assert report.error["message"] == f"{server.url('plain.mp4')} cannot be read: its server answers 503"


@SLOW
@pytest.mark.parametrize("how", ["no ranges", "no version"])
def test_small_objects_of_simple_servers_are_taken_whole(server: Web, clip: Clip, job: Job, how: str) -> None:
    served(server, clip, "silent.mp4")
    server.ranges, server.versions = how != "no ranges", "none" if how == "no version" else "modified"
    report = job(server.url("silent.mp4"), "out.mkv")
    assert report.outcome == "succeeded", report.error


def test_a_file_whose_name_looks_like_an_address_is_found_first(
    tmp_path: Path, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "http://host/film%20of?x#y.mkv"
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_bytes(clip("silent.mp4").read_bytes())
    found = compare_attempt(CompareRequest(a=name, b=str(clip("silent.mp4")), exact=True)).run()
    assert found.differences == []


def test_a_proxy_of_the_environment_sees_nothing(
    server: Web, clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FFmpeg would ask it even for what this machine has."""
    served(server, clip, "silent.mp4")
    with web(server.folder) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{proxy.host}")
        request = ProbeRequest(source=server.url("silent.mp4"), store=str(tmp_path / "store"), prefix="probe")
        assert probe_attempt(request).run().profile.streams
        assert proxy.asked == []


def test_a_playlist_is_refused_as_a_file_is(server: Web, job: Job) -> None:
    text = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nother.ts\n#EXT-X-ENDLIST\n"
    (server.folder / "list.m3u8").write_text(text)
    report = job(server.url("list.m3u8"), "out.mp4")
    assert report.error
    assert (report.error["code"], report.error.get("rule")) == ("not_media", "container"), report.error
    assert {path for path, _, _ in server.asked} == {"/list.m3u8"}
