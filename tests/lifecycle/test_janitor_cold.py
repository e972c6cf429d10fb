"""The janitor moves what is cold into another folder."""

from __future__ import annotations

import time
from pathlib import Path

from media_ops.storage.folder import FolderStore
from media_ops.storage.janitor import tidy
from media_ops.storage.lifecycle import status
from tests.lifecycle.folders import DAY, aged, make, of
from tests.storage.reading import keys


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
