"""Sources and stores by address."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from media_ops.errors import MediaError, NotMedia, ParamsInvalid, SourceNotAllowed, SourceNotFound
from media_ops.storage import open_store
from media_ops.storage.folder import FolderStore
from media_ops.storage.s3 import S3Store
from media_ops.storage.source import locate


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "name", ["clip.mp4", "a b.mp4", "ftp:x", "film: part 2.mp4", "100%.mp4", "-v.mp4", "ü?#.mp4"]
)
def test_plain_names(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"x")
    assert locate(name) == str(folder / name)
    assert locate(str(folder / name)) == str(folder / name)


@pytest.mark.parametrize("start", ["file://", "file://localhost", "FILE://", "file:"])
def test_file_addresses(folder: Path, start: str) -> None:
    (folder / "a b?#.mp4").write_bytes(b"x")
    assert locate(f"{start}{folder}/a%20b?#.mp4") == str(folder / "a b?#.mp4")


@pytest.mark.parametrize(
    ("uri", "error", "reason"),
    [
        ("missing.mp4", SourceNotFound, "no such file"),
        ("", SourceNotFound, "no such file"),
        ("a\0b", SourceNotFound, "null byte"),
        ("x" * 300, SourceNotFound, "too long"),
        (".", SourceNotFound, "folder"),
        ("pipe", SourceNotFound, "regular file"),
        ("file:///nowhere", SourceNotFound, "no such file"),
        ("empty", NotMedia, "empty"),
        ("ftp://host/x", SourceNotAllowed, "'ftp'"),
        ("http://host/x.mp4", SourceNotAllowed, "'http'"),
        ("concat:a|b", SourceNotAllowed, "'concat'"),
        ("file://elsewhere/x", SourceNotAllowed, "this machine"),
        ("file:relative", SourceNotAllowed, "absolute"),
    ],
)
def test_refused_sources(folder: Path, uri: str, error: type[MediaError], reason: str) -> None:
    (folder / "empty").write_bytes(b"")
    os.mkfifo(folder / "pipe")
    with pytest.raises(error, match=reason) as caught:
        locate(uri)
    assert repr(uri) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_that_is_no_text(folder: Path) -> None:
    name = os.fsdecode(b"\xff.mp4")
    (folder / name).write_bytes(b"x")
    with pytest.raises(SourceNotAllowed, match="UTF-8"):
        locate(name)


def test_stores(tmp_path: Path) -> None:
    for uri in (str(tmp_path), f"file://{tmp_path}"):
        store = open_store(uri)
        assert isinstance(store, FolderStore)
        assert store.root == tmp_path.resolve()
    open_store("memory://one").put("key", b"x")
    assert open_store("memory://one").stat("key")
    assert open_store("memory://two").stat("key") is None


def test_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store("S3://my-bucket/a prefix/x/")
    assert isinstance(store, S3Store)
    assert (store.bucket, store.prefix) == ("my-bucket", "a prefix/x/")
    for uri in ("s3://bucket", "s3://bucket/"):
        bare = open_store(uri)
        assert isinstance(bare, S3Store)
        assert bare.prefix == ""


@pytest.mark.parametrize(
    "uri", ["s3:", "s3://", "s3:///key", "s3://ab", "s3://Bucket", "s3://b_t", "s3://bucket/a/../b"]
)
def test_refused_buckets(uri: str) -> None:
    with pytest.raises(ParamsInvalid) as caught:
        open_store(uri)
    assert repr(uri) in str(caught.value)


@pytest.mark.parametrize("uri", ["", "ftp://x", "s4://bucket", "file://host/x", "file:"])
def test_refused_stores(uri: str) -> None:
    with pytest.raises(ParamsInvalid, match="store"):
        open_store(uri)
