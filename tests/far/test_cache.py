"""Blocks that all jobs of a machine share: never another object's, never given to those who may not read."""

from __future__ import annotations

import base64
import gc
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from media_ops.errors import SourceNotAllowed, StoreRefused
from media_ops.storage import attached as module
from media_ops.storage.alone import lock
from media_ops.storage.attached import Attached
from media_ops.storage.cache import BlockCache
from media_ops.storage.far import SMALL
from media_ops.storage.ranged import BLOCK
from media_ops.storage.s3 import S3Store
from media_ops.storage.web import WebObject
from media_ops.worker.near import near
from tests.far.web import Web, web
from tests.storage.server import BUCKET, Server

DATA = bytes(range(251)) * 8000
OTHER = DATA[::-1]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    folder = tmp_path / "served"
    folder.mkdir()
    serve(folder / "data", DATA)
    with web(folder) as state:
        monkeypatch.setenv("MEDIA_OPS_HTTP_HOSTS", state.host)
        monkeypatch.setenv("MEDIA_OPS_HTTP_PRIVATE", "1")
        monkeypatch.setenv("MEDIA_OPS_SOURCE_PATIENCE", "0.3")
        monkeypatch.setenv("MEDIA_OPS_CACHE", str(tmp_path / "cache"))
        yield state


def serve(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    os.utime(path, (1000, 1000))  # all of one time, so that only what they are called tells them apart


def read(address: str, tmp_path: Path, job: str = "job") -> tuple[bytes, int]:
    """Read as an attempt of a job does, which shares no folder with others; give the bytes of bodies that came."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    try:
        far = WebObject(address)
        with Attached(far, scratch, "name", job).open() as file:
            return file.read(), far.bytes_read
    finally:
        shutil.rmtree(scratch)


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "blocks").iterdir())


def test_all_jobs_share_what_was_fetched_once(server: Web, tmp_path: Path) -> None:
    data, came = read(server.url("data"), tmp_path, "one")
    assert data == DATA
    assert came >= len(DATA)
    again, came = read(server.url("data"), tmp_path, "two")
    assert again == DATA
    assert came == 1  # asked what it is now
    os.utime(server.folder / "data", (2000, 2000))
    assert read(server.url("data"), tmp_path)[1] > len(DATA)
    assert (tmp_path / "cache" / "blocks").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in files(tmp_path)} == {0o600}


def test_without_a_cache_each_attempt_fetches(server: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("MEDIA_OPS_CACHE", ""), ("MEDIA_OPS_CACHE_BYTES", "0")):
        with monkeypatch.context() as changed:
            changed.setenv(name, value)
            assert [read(server.url("data"), tmp_path)[1] > len(DATA) for _ in range(2)] == [True, True]
    assert not (tmp_path / "cache").exists()


def test_a_query_names_another_object(server: Web, tmp_path: Path) -> None:
    """Of the same size and the same version, as servers with simple ETags give it."""
    for query, data in [("id=1", DATA), ("id=2", OTHER)] * 2:
        serve(server.folder / "data", data)
        assert read(f"{server.url('data')}?{query}", tmp_path)[0] == data
    assert len(files(tmp_path)) == 2


def test_an_address_that_is_signed_anew_names_the_same(server: Web, tmp_path: Path) -> None:
    def signed(signature: str, more: str = "") -> str:
        return f"{server.url('data')}?{more}X-Amz-Date=2{signature}&X-Amz-Expires=60&X-Amz-Signature={signature}"

    assert read(signed("aa"), tmp_path)[1] > len(DATA)
    assert read(signed("bb"), tmp_path)[1] == 1
    assert read(signed("cc", "versionId=2&"), tmp_path)[1] > len(DATA)
    assert len(files(tmp_path)) == 2


def test_where_a_query_leads_is_known_for_one_job_only(server: Web, tmp_path: Path) -> None:
    server.redirects["/latest"] = f"http://{server.host}/data?id=1"
    assert read(server.url("latest"), tmp_path, "one")[1] > len(DATA)
    assert read(server.url("latest"), tmp_path, "one")[1] == 1
    assert read(server.url("latest"), tmp_path, "two")[1] > len(DATA)


def test_a_time_of_change_tells_of_one_job_only(server: Web, tmp_path: Path) -> None:
    server.versions = "modified"
    assert read(server.url("data"), tmp_path, "one")[0] == DATA
    assert read(server.url("data"), tmp_path, "one")[1] == 1
    serve(server.folder / "data", OTHER)  # its time is set back to what it was
    assert read(server.url("data"), tmp_path, "two")[0] == OTHER


def test_who_may_not_read_is_given_nothing(server: Web, tmp_path: Path) -> None:
    assert read(server.url("data"), tmp_path)[0] == DATA
    request = json.dumps({"source": server.url("data")})
    with near("probe", request, tmp_path) as asked, asked.sources[0].open() as file:
        assert file.read() == DATA
        assert asked.bytes_read == 1
    for status in (401, 403):
        server.fault = lambda number, status=status: status  # type: ignore[misc]
        with pytest.raises(SourceNotAllowed, match=str(status)), near("probe", request, tmp_path):
            pytest.fail("nobody gets here")


def test_users_share_nothing(server: Web, tmp_path: Path) -> None:
    """What a server gives may depend on who asks."""
    for user in ("a:word", "b:word"):
        assert read(f"http://{user}@{server.host}/data", tmp_path)[1] > len(DATA)
        asked = base64.b64decode(server.headers[-1]["Authorization"].removeprefix("Basic ")).decode()
        assert asked == user
    assert len(files(tmp_path)) == 2
    assert not [path for path in files(tmp_path) if "word" in path.name]


@pytest.mark.parametrize("how", ["noise", "zeros", "truncated", "swapped", "another's"])
def test_damaged_blocks_are_fetched_again(server: Web, tmp_path: Path, how: str) -> None:
    assert read(server.url("data"), tmp_path)[0] == DATA
    (path,) = files(tmp_path)
    content = path.read_bytes()
    marks = len(DATA)
    if how == "noise":
        path.write_bytes(os.urandom(len(content)))
    elif how == "zeros":
        path.write_bytes(bytes(len(content)))
    elif how == "truncated":
        path.write_bytes(content[: len(DATA) // 2])
    elif how == "swapped":  # whole blocks, each with its own digest, in each other's place
        swapped = bytearray(content)
        swapped[:BLOCK], swapped[BLOCK : 2 * BLOCK] = content[BLOCK : 2 * BLOCK], content[:BLOCK]
        swapped[marks : marks + 8], swapped[marks + 8 : marks + 16] = (
            content[marks + 8 : marks + 16],
            content[marks : marks + 8],
        )
        path.write_bytes(swapped)
    else:
        serve(server.folder / "other", OTHER)
        assert read(server.url("other"), tmp_path)[0] == OTHER
        (other,) = set(files(tmp_path)) - {path}
        path.write_bytes(other.read_bytes())
    assert read(server.url("data"), tmp_path)[0] == DATA
    assert read(server.url("data"), tmp_path) == (DATA, 1)  # and it is whole again


@pytest.mark.parametrize("how", ["a file", "of others", "a link", "read-only", "full", "without room"])
def test_a_folder_that_cannot_be_used_is_done_without(
    server: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    cache = tmp_path / "cache"
    if how == "a file":
        cache.write_bytes(b"")
    elif how == "of others":
        (cache / "blocks").mkdir(parents=True)
        (cache / "blocks").chmod(0o777)
    elif how == "a link":
        (tmp_path / "elsewhere").mkdir()
        cache.mkdir()
        (cache / "blocks").symlink_to(tmp_path / "elsewhere")
    elif how == "without room":
        monkeypatch.setenv("MEDIA_OPS_CACHE_BYTES", "100kB")
    else:
        cache.mkdir()
        mount(cache, "ro" if how == "read-only" else "size=1m")
    try:
        for _ in range(2):
            data, came = read(server.url("data"), tmp_path)
            assert data == DATA
            assert came < len(DATA) + BLOCK  # the attempt keeps them in its own folder
        assert list((tmp_path / "elsewhere").rglob("*")) == []
        assert how != "of others" or files(tmp_path) == []
    finally:
        gc.collect()  # files are closed when nobody has them any more
        if cache.is_mount():
            subprocess.run(["umount", cache], check=True)


def mount(folder: Path, options: str) -> None:
    """Mount a small disk of memory, where that is allowed."""
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("this user may not mount a disk of memory")


@pytest.mark.parametrize("size", [3 * BLOCK + 5, 20 * BLOCK])
def test_what_cannot_be_kept_is_not_fetched_many_times(
    server: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Neither small objects, which are fetched whole, nor what is read ahead of large ones."""
    serve(server.folder / "data", os.urandom(size))
    monkeypatch.setattr(module, "SMALL", SMALL if size < 4 * BLOCK else 0)
    monkeypatch.setenv("MEDIA_OPS_CACHE_BYTES", "100kB")
    far = WebObject(server.url("data"))
    source = Attached(far, tmp_path / "nowhere", "name")
    for _ in range(2):
        with source.open() as file:
            while file.read(1000):
                pass
    assert far.bytes_read <= (1 if size < 4 * BLOCK else 2) * size + 9 * BLOCK


def test_what_is_removed_just_before_it_is_locked_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = BlockCache(tmp_path, SMALL)

    def late(descriptor: int, *patience: float, shared: bool) -> None:
        monkeypatch.setattr("media_ops.storage.cache.lock", lock)
        (cache.folder / "name").unlink()
        lock(descriptor, *patience, shared=shared)

    monkeypatch.setattr("media_ops.storage.cache.lock", late)
    blocks = cache.open("name", BLOCK)
    assert blocks
    assert blocks.put(0, bytes(BLOCK))
    again = cache.open("name", BLOCK)
    assert again
    assert again.get(0) == bytes(BLOCK)


@pytest.mark.s3
def test_an_object_of_a_store_is_shared_by_those_who_may_read_it(
    s3_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3_server.tell(monkeypatch)
    monkeypatch.setenv("MEDIA_OPS_CACHE", str(tmp_path / "cache"))
    S3Store(s3_server.settings, BUCKET, "cache").put("film", DATA)
    request = json.dumps({"source": f"s3://{BUCKET}/cache/film"})
    came = []
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        with near("probe", request, tmp_path / str(number)) as asked, asked.sources[0].open() as file:
            assert file.read() == DATA
            came.append(asked.bytes_read)
    assert came[0] >= len(DATA)
    assert came[1] == BLOCK  # which opening gives
    monkeypatch.setenv("MEDIA_OPS_S3_SECRET_KEY", "another")
    with pytest.raises(StoreRefused), near("probe", request, tmp_path):
        pytest.fail("nobody gets here")


def test_only_what_is_ours_is_removed(server: Web, tmp_path: Path) -> None:
    cache = BlockCache(tmp_path / "cache", 1)
    cache.folder.mkdir(parents=True, mode=0o700)
    for place in (cache.folder / "film.mp4", cache.folder.parent / ("0" * 64)):
        place.write_bytes(DATA)
    (cache.folder / ("1" * 64)).write_bytes(DATA)
    (cache.folder / ("2" * 64)).symlink_to(cache.folder / "film.mp4")
    assert cache.open("3" * 64, 10)
    assert sorted(os.listdir(cache.folder)) == ["2" * 64, "3" * 64, "film.mp4"]
    assert (cache.folder / "film.mp4").read_bytes() == DATA
