"""An attempt that was given up, and goes on all the same, publishes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media_ops.errors import Superseded
from media_ops.requests import Fence, Keeping, Reuse
from media_ops.storage import open_store
from media_ops.storage.fence import take
from tests.media.conftest import Job

MakeJob = Callable[..., Job]


def number(attempt: int, event: str) -> Fence:
    return Fence(place=f"job/fences/{event}", attempt=attempt, trace_id=f"trace {attempt}")


@pytest.fixture
def source(film: Callable[..., Path]) -> Path:
    path = film("grey.mkv", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=10:duration=2", "-c:v", "ffv1")
    time.sleep(0.1)  # nothing is kept of a file that was written just now
    return path


def kept(job: Job, name: str) -> list[str]:
    return [one.key for one in open_store(job.store).list() if one.key.endswith(name)]


def test_a_segment_of_an_attempt_that_was_given_up(
    job: MakeJob, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = job(source)
    found = one.probe()
    one.reuse = Reuse(source_sha256=found.sha256)
    plan = one.plan(found, segments=2)
    import media_ops.process as module

    made = module._made

    def another_begins(*arguments: Any) -> Any:
        result = made(*arguments)
        take(open_store(one.store), number(2, "process/00000"))
        return result

    with monkeypatch.context() as patch:
        patch.setattr(module, "_made", another_begins)
        with pytest.raises(Superseded, match="attempt 1 was given up"):
            one.segment(plan, 0, fence=number(1, "process/00000"))
    assert kept(one, "segment.json") == []
    with pytest.raises(Superseded):
        one.segment(plan, 0, fence=number(1, "process/00000"))
    assert not one.segment(plan, 0, fence=number(3, "process/00000")).reused
    assert len(kept(one, "segment.json")) == 1


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("moment", ["before", "while it is joined", "while it is kept"])
def test_a_merge_that_was_given_up(
    job: MakeJob, source: Path, monkeypatch: pytest.MonkeyPatch, keeps: bool, moment: str
) -> None:
    from media_ops.join import Join
    from media_ops.storage.shelf import Shelf

    one = job(source)
    found = one.probe()
    plan = one.plan(found, segments=2)
    results = [one.segment(plan, order) for order in (0, 1)]
    keeping = Keeping(store=one.store, key="a" * 64) if keeps else None

    def another_begins(of: Any, name: str) -> None:
        work = getattr(of, name)

        def beginning(*arguments: Any, **more: Any) -> Any:
            given = work(*arguments, **more)
            take(open_store(one.store), number(2, "merge"))
            return given

        monkeypatch.setattr(of, name, beginning)

    if moment == "before":
        take(open_store(one.store), number(2, "merge"))
    elif moment == "while it is joined" or not keeps:
        another_begins(Join, "prove")
    else:
        another_begins(Shelf, "keep")
    with pytest.raises(Superseded):
        one.merge(found, plan, results, None, fence=number(1, "merge"), keeping=keeping)
    assert not one.output.exists()
    assert not list(one.folder.glob("output*"))
    assert len(kept(one, "result.json")) == (1 if keeps and moment == "while it is kept" else 0)
    monkeypatch.undo()
    published = one.merge(found, plan, results, None, fence=number(3, "merge"), keeping=keeping)
    assert Path(published.output).is_file()
