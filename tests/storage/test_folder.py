"""What only the folder store has to promise: other processes, kills, links, leftovers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from media_ops.errors import StoreUnavailable
from media_ops.storage.folder import FolderStore

RACER = """
import sys, time
from media_ops.storage.folder import FolderStore
time.sleep(max(0, float(sys.argv[2]) - time.time()))
print(FolderStore(sys.argv[1]).put_if_absent("a/key", sys.argv[3].encode()))
"""
HALF_WRITTEN = """
import os, sys, threading
from media_ops.storage import folder
real = os.fsync
def stop(descriptor):
    print("written", flush=True)
    threading.Event().wait()
folder.os.fsync = stop
folder.FolderStore(sys.argv[1]).put("a/key", b"x" * 5_000_000)
"""


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True)


def test_one_of_many_processes_wins(tmp_path: Path) -> None:
    at = str(time.time() + 2)
    racers = [start(RACER, str(tmp_path / "store"), at, str(number)) for number in range(12)]
    won = [racer.communicate(timeout=60)[0].strip() for racer in racers]
    assert sorted(won) == ["False"] * 11 + ["True"]
    with FolderStore(tmp_path / "store").open("a/key") as file:
        assert file.read() == str(won.index("True")).encode()


def test_a_killed_writer_leaves_nothing(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    writer = start(HALF_WRITTEN, str(tmp_path))
    assert writer.stdout is not None
    assert writer.stdout.readline() == "written\n"
    store.put("other", b"")  # a writer at work is left alone
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 2
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    assert [s.key for s in store.list()] == ["other"]
    assert store.stat("a/key") is None
    FolderStore(tmp_path).put("other", b"again")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["other"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    store.put("a/key", b"x")
    (tmp_path / "store" / "link+").symlink_to(outside)
    (tmp_path / "store" / "a+" / "leaf").symlink_to(outside / "secret")
    assert [s.key for s in store.list()] == ["a/key"]
    for key in ("link/secret", "a/leaf"):
        assert store.stat(key) is None
        with pytest.raises(StoreUnavailable):
            store.open(key)
        store.delete(key)
    with pytest.raises(StoreUnavailable, match="symbolic link"):
        store.put("link/new", b"")
    store.put("a/leaf", b"mine")
    assert [path.read_bytes() for path in outside.iterdir()] == [b"secret"]


def test_a_linked_root_is_fine(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "root").symlink_to("real")
    FolderStore(tmp_path / "root").put("a/b", b"x")
    assert FolderStore(tmp_path / "real").stat("a/b") is not None


def test_no_key_leaves_the_root(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    for key in ("..%2Fx", "%2e%2e/x", "\\..\\x", ".temporary/x", "~root/x"):
        store.put(key, b"")
        path = store.path(key)
        assert path is not None
        assert path.resolve().is_relative_to(tmp_path / "store")
        assert ".temporary" not in path.parts
    assert len(store.list()) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_foreign_files_are_no_objects(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    for name in (".hidden", "with space", "%zz", "%2F", "a+", "b%"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "plain folder").mkdir()
    assert store.list() == []


def test_a_file_moves_without_being_copied(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    for key, put in (("put", store.put), ("absent", store.put_if_absent)):
        source = tmp_path / "big"
        source.write_bytes(b"x" * 1000)
        number = source.stat().st_ino
        put(key, source)
        path = store.path(key)
        assert path is not None
        assert (path.stat().st_ino, path.stat().st_nlink) == (number, 1)


def test_a_late_loser_on_another_disk_keeps_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FolderStore(tmp_path / "store")
    store.put("key", b"first")
    (tmp_path / "file").write_bytes(b"second")
    monkeypatch.setattr(store, "_movable", lambda path: False)
    monkeypatch.setattr("media_ops.storage.folder.os.path.lexists", lambda path: False)  # the winner came right after
    assert not store.put_if_absent("key", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"second"


def test_empty_folders_go_with_their_last_object(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    store.put("a/b/c", b"")
    store.put("a/d", b"")
    store.delete("a/b/c")
    assert sorted(path.name for path in (tmp_path / "store").rglob("*")) == [".temporary", "a+", "d"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreUnavailable, match=r"(?i)permission denied"):
        FolderStore(tmp_path).put("a", b"")


def test_a_folder_that_comes_and_goes_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pathlib sees of it is gone at its next look, and there again at the one after that."""
    store = FolderStore(tmp_path)
    store.put("a/other", b"")
    mkdir, is_dir, looks = Path.mkdir, Path.is_dir, {"mkdir": 0, "is_dir": 0}

    def there(self: Path, *more: Any, **named: Any) -> None:
        if self.name == "a+" and not looks["mkdir"]:
            looks["mkdir"] += 1
            raise FileExistsError(17, "File exists")
        mkdir(self, *more, **named)

    def gone(self: Path) -> bool:
        looks["is_dir"] += self.name == "a+"
        return is_dir(self) and (self.name != "a+" or looks["is_dir"] > 1)

    monkeypatch.setattr(Path, "mkdir", there)
    monkeypatch.setattr(Path, "is_dir", gone)
    store.put("a/key", b"x")
    assert [found.key for found in store.list()] == ["a/key", "a/other"]
    assert looks["mkdir"]


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "a+").write_bytes(b"")
    with pytest.raises(StoreUnavailable, match="exists"):
        FolderStore(tmp_path).put("a/key", b"")


def test_a_root_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreUnavailable, match="key"):
        FolderStore(tmp_path / "file").put("key", b"")
