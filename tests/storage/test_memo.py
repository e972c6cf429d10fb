"""What is remembered of sources that were read: only where a change would be seen."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from media_ops.storage import memo
from media_ops.storage.far import shown
from media_ops.storage.memo import Memo, identity
from media_ops.storage.memory import MemoryStore


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a file that was written a while ago, as far as the memo knows."""
    path = tmp_path / "film.mp4"
    path.write_bytes(b"film")
    later = time.time_ns() + 3 * 10**9
    monkeypatch.setattr("media_ops.storage.memo.time.time_ns", lambda: later)
    return path


def test_what_was_read_is_known_again(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    Memo(store).keep(identity(str(film)), "abc")
    assert Memo(store).find(identity(str(film))) == "abc"
    monkeypatch.chdir(film.parent)
    assert Memo(store).find(identity("film.mp4")) == "abc"
    film.rename(film.with_name("other.mp4"))
    assert Memo(store).find(identity(str(film.with_name("other.mp4")))) == ""


def other_content(film: Path) -> None:
    film.write_bytes(b"Film")


def other_content_of_the_same_time(film: Path) -> None:
    status = film.stat()
    film.write_bytes(b"Film")
    os.utime(film, ns=(status.st_atime_ns, status.st_mtime_ns))


def another_file_in_its_place(film: Path) -> None:
    new, status = film.with_name("new"), film.stat()
    new.write_bytes(b"Film")
    os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
    new.replace(film)


@pytest.mark.parametrize("change", [other_content, other_content_of_the_same_time, another_file_in_its_place])
def test_a_change_is_seen(film: Path, change: Any) -> None:
    store = MemoryStore()
    Memo(store).keep(identity(str(film)), "abc")
    time.sleep(0.02)  # a tick of the file system's clock
    change(film)
    assert Memo(store).find(identity(str(film))) == ""


def test_what_was_written_a_moment_ago_is_not_remembered(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"film")
    found = identity(str(path))
    assert found.known is None
    store = MemoryStore()
    Memo(store).keep(found, "abc")
    assert (store.list(), Memo(store).find(found)) == ([], "")


class Far:
    size = 4
    bytes_read = 3
    version = "abc"

    def __init__(self, uri: str, lasting: bool = True) -> None:
        self.identity, self.shown, self.lasting = uri, shown(uri), lasting

    def close(self) -> None: ...


def test_versions_that_let_changes_pass_are_not_relied_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for lasting in (True, False):
        monkeypatch.setattr(memo, "open_far", lambda uri, lasting=lasting: Far(uri, lasting))
        found = identity("https://host/film.mp4")
        assert (found.known is not None) == lasting
        assert found.bytes_read == 3


def test_no_secret_of_an_address_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memo, "open_far", Far)
    store, address = MemoryStore(), "https://me:WORD@host/film.mp4?sig=SIGNATURE"
    Memo(store).keep(identity(address), "abc")
    (found,) = store.list()
    with store.open(found.key) as file:
        text = file.read().decode() + found.key
    assert "host/film.mp4" in text
    assert not [secret for secret in ("WORD", "SIGNATURE") if secret in text]
    assert Memo(store).find(identity(address)) == "abc"
    assert Memo(store).find(identity("https://host/film.mp4?id=2")) == ""


@pytest.mark.parametrize("note", [b"", b"{}", b"[1]", b'"x"', b"\xff" * 10, b"[" * 60000, b"[" * 100000])
def test_a_broken_note_is_none(film: Path, note: bytes) -> None:
    store = MemoryStore()
    Memo(store).keep(identity(str(film)), "abc")
    (found,) = store.list()
    store.put(found.key, note)
    assert Memo(store).find(identity(str(film))) == ""
