"""What is kept under a content key was made of the bytes in that key, whatever happens to the file meanwhile."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media_ops.errors import SourceChanged, StoreUnavailable
from media_ops.model import Part
from media_ops.requests import Keeping, ProbeResult, Reuse
from media_ops.storage import open_store
from media_ops.storage.gathered import Gathered
from media_ops.storage.state import SourceState
from tests.media.conftest import Job

MakeJob = Callable[..., Job]
KEY = "e" * 64


@pytest.fixture
def films(tmp_path: Path, film: Callable[..., Path]) -> tuple[Path, bytes]:
    """Give a film that was written a while ago, and the bytes of another of the same size."""
    raw = ("-i", "testsrc=size=64x48:rate=10:duration=2", "-pix_fmt", "yuv420p", "-c:v", "rawvideo")
    one, other = film("one.avi", "-f", "lavfi", *raw), film("other.avi", "-f", "lavfi", *raw, "-vf", "negate")
    ours = tmp_path / "film.avi"
    ours.write_bytes(one.read_bytes())
    time.sleep(0.1)
    return ours, other.read_bytes()


def overwrite(path: Path, data: bytes) -> None:
    """Write other bytes, and take care that neither size nor time shows it."""
    before = path.stat()
    with path.open("r+b") as file:
        file.write(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def probed(job: Job) -> ProbeResult:
    found = job.probe()
    job.reuse = Reuse(source_sha256=found.sha256)
    return found


def kept(job: Job, role: str = "segments") -> list[str]:
    return [
        one.key for one in open_store(job.store).list(f"{role}/") if one.key.endswith(("segment.json", "result.json"))
    ]


def test_segments_of_a_source_that_stays_are_kept(job: MakeJob, films: tuple[Path, bytes]) -> None:
    one = job(films[0])
    plan = one.plan(probed(one), segments=2)
    assert [one.segment(plan, order).reused for order in (0, 1)] == [False, False]
    assert len(kept(one)) == 2
    assert [one.segment(plan, order).reused for order in (0, 1)] == [True, True]


@pytest.mark.parametrize("how", ["overwritten", "another file", "same bytes again"])
def test_segments_of_a_source_that_changed_are_not(job: MakeJob, films: tuple[Path, bytes], how: str) -> None:
    source, other = films
    one = job(source)
    plan = one.plan(probed(one), segments=2)
    one.segment(plan, 0)
    if how == "overwritten":
        overwrite(source, other)
    else:
        status, data = source.stat(), source.read_bytes() if how == "same bytes again" else other
        source.unlink()
        source.write_bytes(data)
        os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    one.segment(plan, 1)
    (only,) = kept(one)
    source.unlink()
    assert one.segment(plan, 0).reused, "what was kept before is of the bytes in its key"
    assert kept(one) == [only]


def test_the_result_of_a_source_that_changed_is_not_kept(job: MakeJob, films: tuple[Path, bytes]) -> None:
    source, other = films
    for change in (False, True):
        one = job(source)
        found = probed(one)
        plan = one.plan(found, segments=2)
        segments = [one.segment(plan, order) for order in (0, 1)]
        if change:
            overwrite(source, other)
        keeping = Keeping(store=one.store, key=KEY)
        assert Path(one.merge(found, plan, segments, None, keeping=keeping).output).is_file()
        assert len(kept(one, "results")) == (0 if change else 1)


@pytest.mark.parametrize(
    ("before", "now", "sure"),
    [
        ({}, {}, True),
        ({"settled": False}, {}, False),
        ({}, {"settled": False}, True),
        ({}, {"size": 2}, False),
        ({}, {"modified_ns": 2}, False),
        ({}, {"changed_ns": 2}, False),
        ({}, {"inode": 2}, False),
    ],
)
def test_sure_of_a_file(
    monkeypatch: pytest.MonkeyPatch, before: dict[str, int], now: dict[str, int], sure: bool
) -> None:
    usual = {"size": 1, "modified_ns": 1, "changed_ns": 1, "inode": 1, "settled": True}
    monkeypatch.setattr(SourceState, "of", classmethod(lambda cls, path: cls(**{**usual, **now})))
    assert SourceState(**{**usual, **before}).is_sure("film.mkv") is sure


@pytest.mark.parametrize(
    ("ages", "settled"),
    [((10, 0.01), False), ((0.01, 10), False), ((0.5, 0.5), True)],
)
def test_what_was_written_just_now_is_not_settled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ages: tuple[float, float], settled: bool
) -> None:
    now = 1_700_000_000_123_456_789
    monkeypatch.setattr(time, "time_ns", lambda: now)
    modified, changed = (now - int(age * 10**9) for age in ages)
    status = os.stat_result((0,) * 10, {"st_mtime_ns": modified, "st_ctime_ns": changed})
    monkeypatch.setattr(os, "stat", lambda path: status)
    assert SourceState.of("film.mkv").settled is settled


def test_a_time_in_whole_seconds_settles_later(monkeypatch: pytest.MonkeyPatch) -> None:
    written = 1_700_000_000 * 10**9
    status = os.stat_result((0,) * 10, {"st_mtime_ns": written, "st_ctime_ns": written})
    monkeypatch.setattr(os, "stat", lambda path: status)
    for age, settled in ((1.9, False), (2.1, True)):
        monkeypatch.setattr(time, "time_ns", lambda age=age: written + int(age * 10**9))
        assert SourceState.of("film.mkv").settled is settled


def test_a_file_that_is_gone_is_not_sure(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    path.write_bytes(b"film")
    state = SourceState.of(path).model_copy(update={"settled": True})
    assert state.is_sure(path)
    path.unlink()
    assert not state.is_sure(path)
    with pytest.raises(SourceChanged):
        state.check(path)


def test_a_segment_that_a_store_loses_again_ends_the_job(
    job: MakeJob, films: tuple[Path, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    bring = Gathered.bring
    for again in (False, True):
        one = job(films[0])
        found = probed(one)
        plan = one.plan(found, segments=2)
        segments = [one.segment(plan, order) for order in (0, 1)]
        whole = [part.key for part in segments[0].parts]
        lost = [part.key for part in segments[1].parts]

        def loses(
            self: Gathered, parts: list[Part], *, whole: Any = whole, lost: Any = lost, again: Any = again
        ) -> bool:
            key = parts[0].key
            return bring(self, parts) and (key in whole if again else key not in lost)

        with monkeypatch.context() as patch:
            patch.setattr(Gathered, "bring", loses)
            if again:
                with pytest.raises(StoreUnavailable, match="segment 1 is lost or damaged again"):
                    one.merge(found, plan, segments, None)
                assert not one.output.exists()
            else:
                warnings = one.merge(found, plan, segments, None).warnings
                assert [one for one in warnings if "segment 1 was lost or damaged" in one]
