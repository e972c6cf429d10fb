"""The janitor on real folders."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media_ops.storage.folder import FolderStore
from media_ops.storage.janitor import Tidied, tidy
from media_ops.storage.lifecycle import initialise, status
from media_ops.storage.removal import remove_unchanged
from media_ops.storage.roles import Stores

DAY = 86400


def make(home: Path, init: bool = True, **rules: dict[str, Any]) -> Stores:
    roles = {name: {"store": f"media-{name}", **rules.get(name, {})} for name in ("source", "result", "segment")}
    stores = Stores.model_validate({"home": str(home), **roles})
    if init:
        initialise(stores)
    return stores


def aged(store: FolderStore, key: str, days: float, body: bytes = b"body") -> Path:
    """Put an object that is so old."""
    store.put(key, body)
    path = store.path(key)
    assert path is not None
    then = time.time() - days * DAY
    os.utime(path, (then, then))
    return path


def of(done: list[Tidied], role: str) -> Tidied:
    return next(one for one in done if one.role == role)


def keys(store: FolderStore) -> list[str]:
    return [stat.key for stat in store.list()]


def test_what_is_too_old_goes_and_nothing_else(tmp_path: Path) -> None:
    stores = make(tmp_path, result={"delete_after_days": 21}, segment={"delete_after_days": 1})
    results, segments = FolderStore(stores.result.store), FolderStore(stores.segment.store)
    aged(results, "a/old", 22, b"12345")
    aged(results, "a/young", 20)
    aged(segments, "a/old", 2)
    aged(FolderStore(stores.source.store), "a/old", 400)
    would = tidy(stores, dry_run=True)
    assert (of(would, "result").deleted, of(would, "result").deleted_bytes) == (1, 5)
    assert keys(results) == ["a/old", "a/young"]
    done = tidy(stores)
    assert of(done, "result") == of(would, "result").model_copy(update={"dry_run": False})
    assert (of(done, "result").kept, of(done, "segment").deleted, of(done, "source").kept) == (1, 1, 1)
    assert (keys(results), keys(segments)) == (["a/young"], [])
    assert not (segments.root / "a+").exists()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    days=st.integers(1, 40),
    ages=st.lists(st.one_of(st.floats(-5, 80), st.integers(0, 41).map(float)), max_size=6),
    offset=st.sampled_from([-2.0, 2.0]),
)
def test_never_younger_than_the_rule(
    tmp_path_factory: pytest.TempPathFactory, days: int, ages: list[float], offset: float
) -> None:
    stores = make(tmp_path_factory.mktemp("home"), result={"delete_after_days": days})
    store = FolderStore(stores.result.store)
    seconds = {f"k/{n}": age * DAY + offset for n, age in enumerate(ages)}
    for key, age in seconds.items():
        aged(store, key, age / DAY)
    now = time.time()
    tidy(stores, now=now)
    left = keys(store)
    # An object was aged within the last second.
    assert [key for key, age in seconds.items() if age <= days * DAY - 1 and key not in left] == []
    assert [key for key, age in seconds.items() if age > days * DAY + 1 and key in left] == []


def test_a_file_that_was_handed_over_is_as_old_as_its_object(tmp_path: Path) -> None:
    stores = make(tmp_path, result={"delete_after_days": 21})
    store = FolderStore(stores.result.store)
    for key, put in (("put", store.put), ("absent", store.put_if_absent)):
        film = tmp_path / "film"
        film.write_bytes(b"made long ago")
        os.utime(film, (0, 0))
        put(key, film)
    assert of(tidy(stores), "result").deleted == 0
    assert keys(store) == ["absent", "put"]


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


def test_what_is_kept_beside_an_object_goes_with_it(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    path = aged(store, "a/key", 30)
    path.with_name(f".{path.name}.tags").write_bytes(b"{}")
    assert remove_unchanged(store.root, "a/key", path.stat())
    assert not (tmp_path / "a+").exists()


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


def test_what_is_cold_moves_with_its_age_and_goes_in_its_time(tmp_path: Path) -> None:
    cold = FolderStore(tmp_path / "cold")
    rules = {"colder_after_days": 3, "cold": str(cold.root), "delete_after_days": 30, "abort_after_days": 1}
    stores = make(tmp_path / "home", source=rules)
    store = FolderStore(stores.source.store)
    aged(store, "a/film", 10, b"film" * 100)
    aged(store, "a/new", 1)
    would = of(tidy(stores, dry_run=True), "source")
    assert (would.moved, would.moved_bytes, keys(cold)) == (1, 400, [])
    done = of(tidy(stores), "source")
    assert (done.moved, done.kept, done.deleted) == (1, 1, 0)
    assert (keys(store), keys(cold)) == (["a/new"], ["a/film"])
    with cold.open("a/film") as file:
        assert file.read() == b"film" * 100
    found = status(stores)[0]
    assert (found.objects, found.cold_objects, found.cold_bytes) == (1, 1, 400)
    assert [due.key for due in found.next] == ["a/film", "a/new"]
    assert of(tidy(stores, now=time.time() + 19 * DAY), "source").deleted == 0
    assert of(tidy(stores, now=time.time() + 21 * DAY), "source").deleted == 1
    assert keys(cold) == ["a/new"]


def test_a_move_that_fails_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "cold").write_bytes(b"a file in the way")
    stores = make(tmp_path / "home", source={"colder_after_days": 3, "cold": str(tmp_path / "cold")})
    store = FolderStore(stores.source.store)
    aged(store, "a/film", 10)
    done = of(tidy(stores), "source")
    assert done.error is not None
    assert (done.error["fate"], keys(store)) == ("world", ["a/film"])


def test_what_cannot_be_done_to_one_object_keeps_nothing_from_the_others(tmp_path: Path) -> None:
    (tmp_path / "cold").write_bytes(b"a file in the way")
    rules = {"colder_after_days": 3, "cold": str(tmp_path / "cold"), "delete_after_days": 30}
    stores = make(tmp_path / "home", source=rules)
    store = FolderStore(stores.source.store)
    for key, days in (("a/too old", 40), ("b/cold", 10), ("c/too old", 40), ("d/young", 1)):
        aged(store, key, days)
    done = of(tidy(stores), "source")
    assert keys(store) == ["b/cold", "d/young"]
    assert (done.deleted, done.moved, done.kept) == (2, 0, 1)
    assert done.error is not None
    assert "'b/cold'" in done.error["message"]


def test_what_is_cold_keeps_its_tags(tmp_path: Path) -> None:
    cold = FolderStore(tmp_path / "cold")
    stores = make(tmp_path / "home", source={"colder_after_days": 3, "cold": str(cold.root)})
    store = FolderStore(stores.source.store)
    aged(store, "a/film", 10)
    store.tag("a/film", {"owner": "somebody"})
    age = (store.path("a/film") or tmp_path).stat().st_mtime_ns
    assert of(tidy(stores), "source").moved == 1
    assert cold.tags("a/film") == {"owner": "somebody"}
    assert (cold.path("a/film") or tmp_path).stat().st_mtime_ns == age
    assert not (store.root / "a+").exists()


def test_without_a_cold_folder_nothing_moves_and_status_says_so(tmp_path: Path) -> None:
    stores = make(tmp_path, source={"colder_after_days": 3, "colder_class": "GLACIER_IR"})
    store = FolderStore(stores.source.store)
    aged(store, "film", 10)
    assert of(tidy(stores), "source").kept == 1
    assert "`cold` names no folder" in status(stores)[0].rules[0]
    assert keys(store) == ["film"]


def test_rules_apply_only_once_they_were_given(tmp_path: Path) -> None:
    stores = make(tmp_path, init=False, result={"delete_after_days": 21})
    assert [one.note for one in tidy(stores)] == ["there is no such folder yet"] * 3
    assert [one.exists for one in status(stores)] == [False] * 3
    store = FolderStore(stores.result.store)
    aged(store, "old", 30)
    assert "media storage init" in of(tidy(stores), "result").note
    assert "media storage init" in status(stores)[1].differences[0]
    initialise(stores)
    assert [one.changed for one in initialise(stores)] == [False] * 3
    more = make(tmp_path, init=False, result={"delete_after_days": 40})
    assert status(more)[1].differences == ["delete_after_days is 21, and 40 is wanted: `media storage init`"]
    assert of(tidy(more), "result").deleted == 1


def test_one_store_with_broken_rules_does_not_stop_the_others(tmp_path: Path) -> None:
    stores = make(tmp_path, source={"delete_after_days": 1}, segment={"delete_after_days": 1})
    aged(FolderStore(stores.source.store), "old", 30)
    aged(FolderStore(stores.segment.store), "old", 30)
    rules = Path(stores.source.store) / ".rules.json"
    rules.write_text(json.dumps({"delete_after_days": -1}))
    done = tidy(stores)
    error = of(done, "source").error
    assert error is not None
    assert "rules are not understood" in error["message"]
    assert (of(done, "segment").deleted, keys(FolderStore(stores.source.store))) == (1, ["old"])


def test_status_gives_the_ten_that_go_first(tmp_path: Path) -> None:
    stores = make(tmp_path, result={"delete_after_days": 21})
    store = FolderStore(stores.result.store)
    for number in range(14):
        aged(store, f"n/{number:02}", 14 - number, b"x" * number)
    found = status(stores)[1]
    assert (found.objects, found.bytes, found.differences) == (14, sum(range(14)), [])
    assert [due.key for due in found.next] == [f"n/{number:02}" for number in range(10)]
    assert abs(found.next[0].at.timestamp() - (time.time() + 7 * DAY)) < 60
