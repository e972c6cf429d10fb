"""Physical slices: byte for byte what the source gives, on workers that cannot see it."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

import pytest

from media_ops import registry
from media_ops.cut import cut
from media_ops.errors import SourceNotFound
from media_ops.model import JobOptions, Plan, Segment, SegmentResult
from media_ops.requests import ProbeRequest, ProcessRequest, SliceRequest
from media_ops.run import run
from media_ops.slices import parts_of, with_slices
from media_ops.storage import open_store
from media_ops.worker.attempt import probe_attempt, process_attempt, slice_attempt
from tests.conftest import Clip
from tests.far.films import make_film
from tests.far.web import Web

SECRET = "SECRETSIGNATURE"
SLOW = pytest.mark.slow
SEGMENTS = 3


class Sliced:
    """A job up to its plan, with slices."""

    def __init__(self, source: str, folder: Path) -> None:
        self.source, self.store = source, str(folder / "store")
        where: dict[str, Any] = {"store": self.store, "prefix": "job"}
        probe = probe_attempt(ProbeRequest(source=source, **where)).run()
        algorithm = registry.get("transcode_h264").from_params({"preset": "ultrafast"})
        self.virtual = cut(probe, algorithm, JobOptions(segments=SEGMENTS), **where, workers=2)
        request = SliceRequest(source=source, parts=parts_of(self.virtual), **where)
        self.made = slice_attempt(request).run()
        self.physical = with_slices(self.virtual, self.made)

    def sizes(self) -> list[int]:
        """Bytes of each slice."""
        found = [open_store(self.store).stat(key) for key in self.made.slices.values()]
        return [stat.size for stat in found if stat]

    def all(self, plan: Plan) -> list[tuple[Any, ...]]:
        """Produce the segments; give what must not differ."""
        return [_told(self.one(segment)) for segment in plan.segments]

    def one(self, segment: Segment) -> SegmentResult:
        """Produce a segment."""
        request = ProcessRequest(
            source=self.source,
            store=self.store,
            prefix="job",
            segment=segment,
            algorithm="transcode_h264",
            params={"preset": "ultrafast"},
            trace_id=str(uuid.uuid4()),
        )
        return process_attempt(request).run()


def _told(result: SegmentResult) -> tuple[Any, ...]:
    made = [part.sha256 for part in result.parts], result.fingerprints, result.codec_config
    return result.order, made, result.metrics.frames_decoded


@pytest.mark.parametrize("name", ["film.mp4", *(pytest.param(f"film.{kind}", marks=SLOW) for kind in ("mkv", "ts"))])
def test_slices_give_what_the_source_gives(tmp_path: Path, name: str) -> None:
    film = make_film(tmp_path, name)
    job, size = Sliced(str(film), tmp_path), film.stat().st_size
    wanted = job.all(job.virtual)
    assert len(job.sizes()) == SEGMENTS
    assert max(job.sizes()) < size
    film.rename(tmp_path / "elsewhere")
    assert job.all(job.physical) == wanted
    with pytest.raises(SourceNotFound):
        job.all(job.virtual)


@SLOW
@pytest.mark.parametrize("name", ["vfr.mp4", "late_sound.mkv", "h264.ts", "open_gop.mp4", "mpeg4.avi"])
def test_slices_of_odd_files_do_too(tmp_path: Path, clip: Clip, name: str) -> None:
    film = tmp_path / name
    film.write_bytes(clip(name).read_bytes())
    job = Sliced(str(film), tmp_path)
    wanted = job.all(job.virtual)
    film.unlink()
    assert job.all(job.physical) == wanted


def test_a_slice_that_lacks_something_is_helped_out_by_the_source(tmp_path: Path) -> None:
    film = make_film(tmp_path, "film.mp4")
    job = Sliced(str(film), tmp_path)
    wanted = _told(job.one(job.virtual.segments[1]))
    other = job.physical.segments[1].model_copy(update={"slice": job.physical.segments[2].slice})
    assert _told(job.one(other)) == wanted
    key = job.physical.segments[1].slice
    assert key
    open_store(job.store).put(key, b"something else")
    assert _told(job.one(job.physical.segments[1])) == wanted
    film.unlink()
    with pytest.raises(SourceNotFound, match="does not hold all that is read"):
        job.one(other)


@SLOW
def test_workers_do_not_ask_for_a_far_source(served: Web, tmp_path: Path) -> None:
    film = make_film(served.folder, "film.mp4")
    os.utime(film, (1000, 1000))
    job = Sliced(f"{served.url('film.mp4')}?x={SECRET}", tmp_path)
    served.fault, asked = (lambda number: 404), len(served.asked)
    results = [job.one(segment) for segment in job.physical.segments]
    assert len(served.asked) == asked
    near = Sliced(str(film), tmp_path / "near")
    assert list(map(_told, results)) == near.all(near.virtual)
    assert {result.metrics.bytes_read for result in results} == {0}


@SLOW
@pytest.mark.parametrize("name", ["film.mp4", "film.mkv"])
def test_a_whole_job_by_slices_has_the_same_result(tmp_path: Path, name: str) -> None:
    film, made = make_film(tmp_path, name), []
    for slices in ("virtual", "physical"):
        output = tmp_path / slices / "out.mp4"
        output.parent.mkdir()
        options = JobOptions.model_validate({"segments": 2, "slices": slices})
        report = run("transcode_h264", [str(film)], str(output), {"preset": "ultrafast"}, options, workers=2)
        assert report.outcome == "succeeded", report.error
        made.append(output.read_bytes())
    assert made[0] == made[1]
