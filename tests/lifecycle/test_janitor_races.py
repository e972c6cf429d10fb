"""The janitor beside writers, dead writers and links."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from media_ops.storage.folder import FolderStore
from media_ops.storage.janitor import tidy
from media_ops.storage.lifecycle import status
from media_ops.storage.removal import remove_unchanged
from tests.lifecycle.folders import DAY, aged, make, of
from tests.storage.reading import keys


def test_an_object_that_was_replaced_after_it_was_listed_stays(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    seen = aged(store, "a/key", 30, b"old!").stat()
    store.put("a/key", b"new!")
    assert not remove_unchanged(store.root, "a/key", seen)
    with store.open("a/key") as file:
        assert file.read() == b"new!"
    assert not remove_unchanged(store.root, "a/missing", seen)
    assert not remove_unchanged(store.root, "a/key/below", seen)
    now = (store.path("a/key") or tmp_path).stat()
    assert remove_unchanged(store.root, "a/key", now)


def test_a_removal_waits_for_a_writer_that_moves_its_file(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    seen = aged(store, "key", 30, b"old!").stat()
    writer = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(writer, fcntl.LOCK_SH)
    with ThreadPoolExecutor(1) as pool:
        removal = pool.submit(remove_unchanged, store.root, "key", seen)
        time.sleep(0.2)
        assert not removal.done()
        (tmp_path / ".new").write_bytes(b"new!")
        os.replace(tmp_path / ".new", tmp_path / "key")
        os.close(writer)
        assert not removal.result()
    assert (tmp_path / "key").read_bytes() == b"new!"


def test_a_writer_waits_for_a_removal(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put("key", b"old!")
    removal = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(removal, fcntl.LOCK_EX)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(store.put, "key", b"new!")
        time.sleep(0.2)
        assert not writing.done()
        assert (tmp_path / "key").read_bytes() == b"old!"
        os.close(removal)
        writing.result()
    assert (tmp_path / "key").read_bytes() == b"new!"


def test_what_is_written_beside_the_janitor_stays(tmp_path: Path) -> None:
    """A writer replaces old objects by fresh ones while the janitor goes round: no fresh one is lost."""
    stores = make(tmp_path, result={"delete_after_days": 21})
    store = FolderStore(stores.result.store)
    names = [f"a/{number}" for number in range(30)]
    for name in names:
        aged(store, name, 30)
    lost: list[str] = []
    done = threading.Event()

    def write() -> None:
        for name in names:
            store.put(name, b"fresh")
            if store.stat(name) is None:
                lost.append(name)
        done.set()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not done.is_set() and not writing.done():
            tidy(stores)
        writing.result()
    tidy(stores)
    assert lost == []
    assert keys(store) == sorted(names)


def test_links_lead_nowhere(tmp_path: Path) -> None:
    stores = make(tmp_path / "home", result={"delete_after_days": 21, "abort_after_days": 1})
    store = FolderStore(stores.result.store)
    aged(store, "a/b/old", 30)
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("old", "secret"):
        (outside / name).write_bytes(b"body")
        os.utime(outside / name, (0, 0))
    (store.root / "link+").symlink_to(outside)
    (store.root / "leaf").symlink_to(outside / "secret")
    seen = (outside / "old").stat()
    assert not remove_unchanged(store.root, "link/old", seen)
    (store.root / ".temporary").rename(store.root / ".gone")
    (store.root / ".temporary").symlink_to(outside)
    done = of(tidy(stores), "result")
    assert (done.deleted, done.leftovers, done.error) == (1, 0, None)
    assert sorted(path.name for path in outside.iterdir()) == ["old", "secret"]
    assert (store.root / "leaf").is_symlink()


def test_a_folder_that_became_a_link_after_it_was_listed(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    seen = aged(store, "a/b/old", 30).stat()
    (store.root / "a+").rename(tmp_path / "elsewhere")
    (store.root / "a+").symlink_to(tmp_path / "elsewhere")
    assert not remove_unchanged(store.root, "a/b/old", seen)
    assert (tmp_path / "elsewhere" / "b+" / "old").exists()


WRITER = """
import os, sys, threading
from media_ops.storage import folder
def stop(descriptor):
    print("written", flush=True)
    threading.Event().wait()
folder.os.fsync = stop
folder.FolderStore(sys.argv[1]).put("a/key", b"x" * 1000)
"""


def test_leftovers_of_the_dead_are_swept_and_the_living_left_alone(tmp_path: Path) -> None:
    stores = make(tmp_path, segment={"abort_after_days": 1})
    store = FolderStore(stores.segment.store)
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(store.root)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
    writers[0].send_signal(signal.SIGKILL)
    writers[0].communicate()
    try:
        files = list((store.root / ".temporary").iterdir())
        assert len(files) == 2
        assert status(stores)[2].incomplete == 2
        assert of(tidy(stores), "segment").leftovers == 0  # too young
        for path in files:
            os.utime(path, (time.time() - 2 * DAY,) * 2)
        would = of(tidy(stores, dry_run=True), "segment")
        assert (would.leftovers, would.leftover_bytes, len(list(store.root.glob(".temporary/*")))) == (1, 1000, 2)
        assert of(tidy(stores), "segment").leftovers == 1
        assert len(list((store.root / ".temporary").iterdir())) == 1
    finally:
        writers[1].kill()
        writers[1].communicate()
    assert of(tidy(stores), "segment").leftovers == 1
