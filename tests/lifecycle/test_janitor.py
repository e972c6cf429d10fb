"""The janitor on real folders."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media_ops.storage.folder import FolderStore
from media_ops.storage.janitor import tidy
from media_ops.storage.lifecycle import initialise, status
from media_ops.storage.removal import remove_unchanged
from tests.lifecycle.folders import DAY, aged, make, of
from tests.storage.reading import keys


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


def test_what_is_kept_beside_an_object_goes_with_it(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    path = aged(store, "a/key", 30)
    path.with_name(f".{path.name}.tags").write_bytes(b"{}")
    assert remove_unchanged(store.root, "a/key", path.stat())
    assert not (tmp_path / "a+").exists()


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
