"""A source in a bucket of a real server: what the file itself gives, and never two versions in one result."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media_ops.errors import SourceChanged, SourceNotAllowed, SourceNotFound, StoreRefused
from media_ops.model import JobOptions, RunReport
from media_ops.run import run
from media_ops.storage.attached import Attached
from media_ops.storage.bucket import StoredObject
from media_ops.storage.ranged import BLOCK
from media_ops.storage.s3 import S3Store
from media_ops.worker.attempt import Attempt
from tests.conftest import Clip
from tests.storage.chosen import WRONG_SECRET
from tests.storage.server import BUCKET, Server

pytestmark = pytest.mark.s3

DATA = bytes(range(251)) * 8000


@pytest.fixture
def store(s3_server: Server, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    s3_server.tell(monkeypatch)
    monkeypatch.setenv("MEDIA_OPS_TRIES", "1")
    return S3Store(s3_server.settings, BUCKET, f"far/{uuid.uuid4().hex[:12]}")


@pytest.fixture
def transcode(tmp_path: Path) -> Callable[[str], RunReport]:
    def go(source: str) -> RunReport:
        output = tmp_path / "out" / "out.mp4"
        output.parent.mkdir(exist_ok=True)
        params = {"preset": "ultrafast"}
        report = run("transcode_h264", [source], str(output), params, JobOptions(segments=2), workers=2)
        assert os.environ["MEDIA_OPS_S3_SECRET_KEY"] not in json.dumps(report.model_dump())
        assert sorted(os.listdir(output.parent)) in ([], [output.name, f"{output.name}.proof.json"])
        return report

    return go


def address(store: S3Store, key: str) -> str:
    return f"s3://{store.bucket}/{store.prefix}{key}"


@pytest.mark.slow
def test_a_source_in_a_bucket_gives_what_the_file_gives(
    store: S3Store, clip: Clip, transcode: Callable[[str], RunReport]
) -> None:
    path = clip("vfr.mp4")
    store.put("a film?#%20.mp4", path.read_bytes())
    near, far = transcode(str(path)), transcode(address(store, "a film?#%20.mp4"))
    assert near.proof
    assert far.proof, far.error
    same = {"made_at", "seal", "source_path"}
    assert far.proof.model_dump(exclude=same) == near.proof.model_dump(exclude=same)
    assert far.proof.source_path == address(store, "a film?#%20.mp4")
    # Once by the probe; the others open it, which gives them the first block.
    size, attempts = path.stat().st_size, 5
    assert size <= far.metrics["bytes_read"] <= size + (attempts + 1) * min(size, BLOCK)


@pytest.mark.slow
@pytest.mark.parametrize("during", ["probe", "process"])
def test_a_source_overwritten_during_its_job_fails_it(
    store: S3Store, clip: Clip, transcode: Callable[[str], RunReport], monkeypatch: pytest.MonkeyPatch, during: str
) -> None:
    content = clip("plain.mp4").read_bytes()
    store.put("film.mp4", content)
    real = Attempt.run

    def overwriting(self: Attempt[Any], *more: Any) -> Any:
        result = real(self, *more)
        if self.verb == during:
            store.put("film.mp4", content + b"\0")
        return result

    monkeypatch.setattr(Attempt, "run", overwriting)
    report = transcode(address(store, "film.mp4"))
    assert report.error
    assert report.error["code"] == "source_changed"


def test_ranges_are_of_the_version_that_was_opened(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if another was there when its version was asked for."""
    store.put("x", DATA)
    opened = S3Store.open

    def late(self: S3Store, key: str) -> Any:
        store.put("x", DATA[::-1] + b"x")
        return opened(self, key)

    monkeypatch.setattr(S3Store, "open", late)
    found = StoredObject(store, "x", "x")
    assert (found.size, found.version) == found.now()
    assert found.fetch(BLOCK + 5, 10) == (DATA[::-1])[BLOCK + 5 : BLOCK + 15]
    store.put("x", DATA)
    with pytest.raises(SourceChanged):
        found.fetch(BLOCK, 10)


def test_an_object_is_looked_at_again(store: S3Store) -> None:
    store.put("a/b", DATA)
    found = StoredObject(store, "a/b", "s3://bucket/a/b")
    assert found.fetch(5, 10) == DATA[5:15]
    assert found.now() == (found.size, found.version)
    store.put("a/b", DATA + b"x")
    assert found.now() != (found.size, found.version)
    store.delete("a/b")
    with pytest.raises(SourceChanged):
        found.now()
    with pytest.raises(SourceNotFound):
        StoredObject(store, "a/b", "s3://bucket/a/b")


def test_a_small_object_is_fetched_at_once(store: S3Store, tmp_path: Path) -> None:
    store.put("x", DATA)
    found = StoredObject(store, "x", "x")
    with Attached(found, tmp_path, "x").open() as file:
        assert hashlib.file_digest(file, "sha256").digest() == hashlib.sha256(DATA).digest()
    assert found.bytes_read <= len(DATA) + BLOCK
    assert found.requests <= 2


def test_secrets_stay_where_they_are(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put("x", DATA)
    with pytest.raises(SourceNotAllowed) as caught:
        StoredObject.at(f"s3://key:SECRET@{store.bucket}/x")
    assert "SECRET" not in str(caught.value)
    monkeypatch.setenv("MEDIA_OPS_S3_SECRET_KEY", "SECRET")
    with pytest.raises(StoreRefused, match=WRONG_SECRET) as refused:
        StoredObject.at(address(store, "x"))
    assert "SECRET" not in str(refused.value)
