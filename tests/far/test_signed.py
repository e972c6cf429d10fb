"""A source that is read by a signed address: what the store itself gives, without a key."""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from media_ops.errors import MediaError, NotMedia, SourceChanged, SourceNotFound, StoreRefused, StoreUnavailable
from media_ops.model import JobOptions, RunReport
from media_ops.run import run
from media_ops.storage.bucket import StoredObject
from media_ops.storage.ranged import BLOCK
from media_ops.storage.s3 import S3Store
from media_ops.storage.s3_settings import S3Settings
from media_ops.storage.signed import SignedObject, signed
from media_ops.worker.attempt import Attempt
from media_ops.worker.handover import handed_over
from tests.conftest import Clip
from tests.storage.server import BUCKET, Server

pytestmark = pytest.mark.s3

DATA = bytes(range(251)) * 8000
KEYS = ("MEDIA_OPS_S3_ACCESS_KEY", "MEDIA_OPS_S3_SECRET_KEY")


@pytest.fixture
def store(s3_server: Server, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    s3_server.tell(monkeypatch)
    monkeypatch.setenv("MEDIA_OPS_PRESIGN", "1")
    monkeypatch.setenv("MEDIA_OPS_TRIES", "1")
    return S3Store(s3_server.settings, BUCKET, f"signed/{uuid.uuid4().hex[:12]}")


Child = tuple[str, dict[str, str], str]


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[Child]:
    """Note verb, environment and command line of each child."""
    seen: list[Child] = []
    real = subprocess.Popen

    def start(command: list[str], *more: Any, **how: Any) -> Any:
        if "media_ops.worker.child" in command:
            seen.append((command[command.index("media_ops.worker.child") + 1], how["env"], " ".join(command)))
        return real(command, *more, **how)

    monkeypatch.setattr(subprocess, "Popen", start)
    return seen


def address(store: S3Store, key: str) -> str:
    return f"s3://{store.bucket}/{store.prefix}{key}"


def open_signed(store: S3Store, key: str) -> SignedObject:
    found = signed(address(store, key))
    assert found is not None
    return SignedObject(found, address(store, key))


def transcode(source: str, output: Path) -> RunReport:
    params = {"preset": "ultrafast"}
    return run("transcode_h264", [source], str(output), params, JobOptions(segments=2), workers=2)


def test_a_job_reads_without_a_key(store: S3Store, clip: Clip, tmp_path: Path, children: list[Child]) -> None:
    store.put("film one.mp4", clip("plain.mp4").read_bytes())
    source = address(store, "film one.mp4")
    report = transcode(source, tmp_path / "out.mp4")
    assert report.error is None
    assert {verb for verb, _, _ in children} >= {"probe", "process", "audio", "merge"}
    for _, environment, command in children:
        assert "MEDIA_OPS_S3_ENDPOINT" in environment
        assert not [key for key in KEYS if key in environment or os.environ[key] in environment.values()]
        assert "X-Amz" not in command
    told = json.dumps(report.model_dump()) + (tmp_path / "out.mp4.proof.json").read_text()
    assert source in told
    assert "X-Amz" not in told
    assert os.environ[KEYS[1]] not in told


def test_a_source_overwritten_during_its_job_fails_it(
    store: S3Store, clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = clip("plain.mp4").read_bytes()
    store.put("film.mp4", content)
    real = Attempt.run

    def overwriting(self: Attempt[Any], *more: Any) -> Any:
        result = real(self, *more)
        if self.verb == "probe":
            store.put("film.mp4", content + b"\0")
        return result

    monkeypatch.setattr(Attempt, "run", overwriting)
    report = transcode(address(store, "film.mp4"), tmp_path / "out.mp4")
    assert report.error
    assert report.error["code"] == "source_changed"
    assert not (tmp_path / "out.mp4").exists()


def test_it_is_what_the_store_gives(store: S3Store) -> None:
    store.put("a b", DATA)
    there, near = StoredObject.at(address(store, "a b")), open_signed(store, "a b")
    assert (near.size, near.version, near.now()) == (there.size, there.version, there.now())
    for offset, length in ((0, 10), (BLOCK - 5, 10), (len(DATA) - 7, 7)):
        assert near.fetch(offset, length) == DATA[offset : offset + length]
    assert near.bytes_read < 2 * BLOCK


def test_ranges_are_of_the_version_that_was_opened(store: S3Store) -> None:
    store.put("x", DATA)
    near = open_signed(store, "x")
    store.put("x", DATA[::-1])
    with pytest.raises(SourceChanged):
        near.fetch(BLOCK, 10)
    assert near.now()[1] != near.version
    store.delete("x")
    with pytest.raises(SourceChanged, match="gone"):
        near.now()
    with pytest.raises(SourceChanged):
        near.fetch(BLOCK, 10)


@pytest.mark.parametrize(("content", "kind"), [(None, SourceNotFound), (b"", NotMedia)])
def test_what_is_not_there_or_empty_is_named(store: S3Store, content: bytes | None, kind: type[MediaError]) -> None:
    if content is not None:
        store.put("x", content)
    with pytest.raises(kind) as refused:
        open_signed(store, "x")
    assert address(store, "x") in str(refused.value)


def test_an_address_whose_time_is_over_is_worth_another_try(store: S3Store) -> None:
    store.put("x", DATA)
    short = store.presign_get("x", 2)
    near = SignedObject(short, address(store, "x"))
    time.sleep(3)
    with pytest.raises(StoreUnavailable, match="not taken any more") as over:
        near.fetch(BLOCK, 10)
    with pytest.raises(StoreRefused) as refused:
        SignedObject(short, address(store, "x"))
    assert "X-Amz" not in f"{over.value}{refused.value}"


def test_others_may_call_the_store_by_another_name(
    store: S3Store, s3_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("x", DATA)
    public = f"http://localhost:{s3_server.port}"
    monkeypatch.setenv("MEDIA_OPS_S3_PUBLIC_ENDPOINT", public)
    given = signed(address(store, "x"))
    assert given is not None
    assert given.startswith(f"{public}/{BUCKET}/")
    assert SignedObject(given, "x").fetch(BLOCK, 3) == DATA[BLOCK : BLOCK + 3]
    put = S3Store(S3Settings.from_environment(), BUCKET, store.prefix).presign_put("y", 60)
    assert put.startswith(public)


@pytest.mark.parametrize(
    ("request_", "keyless"),
    [
        ({"source": "s3://bucket/k", "store": "/folder"}, True),
        ({"source": "s3://bucket/k", "store": "s3://jobs/here"}, False),
        ({"source": "/film.mp4", "store": "/folder"}, True),
        ({"source": "s3://bucket/k", "store": "/folder", "output": {"place": "S3://results/x"}}, False),
    ],
)
def test_keys_are_given_to_those_that_write(store: S3Store, request_: dict[str, Any], keyless: bool) -> None:
    text, environment = handed_over(json.dumps(request_))
    assert ("signed" in json.loads(text)) == request_["source"].startswith("s3:")
    assert not [key for key in KEYS if (key in environment) is keyless]


def test_what_is_no_address_is_refused_as_ever_and_shows_no_secret(store: S3Store, tmp_path: Path) -> None:
    for wrong in ("s3://key:SECRET@bucket/x", "s3://bucket"):
        error = transcode(wrong, tmp_path / "out.mp4").error
        assert error
        assert error["code"] == "source_not_allowed"
        assert "SECRET" not in str(error)


def test_nothing_changes_where_nothing_is_to_be_signed(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    request = json.dumps({"source": "s3://bucket/k", "store": "/folder"})
    for key in KEYS:
        monkeypatch.delenv(key)
    assert "signed" not in handed_over(request)[0], "an anonymous reader signs nothing"
    monkeypatch.delenv("MEDIA_OPS_PRESIGN")
    assert handed_over(request) == (request, dict(os.environ))
