"""Finished work under content keys: one of many counts, and what is broken does not."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from media_ops.storage import Store
from media_ops.storage.shelf import Record, Shelf
from tests.storage.conftest import MakeStore

KEY = "0" * 64


@pytest.fixture
def store(make: MakeStore) -> Store:
    return make()


def keep(shelf: Shelf, attempt: str, content: bytes, *, replace: bool = False) -> Record:
    part = shelf.put(f"{shelf.place(KEY, attempt)}.bin", content)
    return shelf.keep(KEY, {"by": attempt}, [part], replace=replace)


def keys(store: Store) -> list[str]:
    return [found.key for found in store.list()]


def test_the_first_counts_and_nothing_of_the_second_stays(store: Store) -> None:
    shelf = Shelf(store, "segment")
    assert shelf.find(KEY) is None
    first = keep(shelf, "a", b"one")
    assert first.made == {"by": "a"}
    assert keep(shelf, "b", b"two") == first == shelf.find(KEY)
    assert keys(store) == [f"segments/{KEY}/a.bin", f"segments/{KEY}/segment.json"]
    (part,) = first.parts
    assert (part.size, part.sha256) == (3, hashlib.sha256(b"one").hexdigest())
    assert Shelf(store, "result").find(KEY) is None


def test_an_attempt_that_says_it_twice_keeps_its_parts(store: Store) -> None:
    shelf = Shelf(store, "segment")
    first = keep(shelf, "a", b"one")
    assert keep(shelf, "a", b"one") == first == shelf.find(KEY)


def test_what_is_to_be_replaced_is(store: Store) -> None:
    shelf = Shelf(store, "result")
    keep(shelf, "a", b"one")
    second = keep(shelf, "b", b"two", replace=True)
    assert shelf.find(KEY) == second
    assert second.made == {"by": "b"}


@pytest.mark.parametrize("damage", ["gone", "short", "other", "no record", "newer record", "huge record"])
def test_what_is_broken_is_not_found_and_makes_way(store: Store, damage: str) -> None:
    shelf = Shelf(store, "segment")
    (part,) = keep(shelf, "a", b"one").parts
    record = f"segments/{KEY}/segment.json"
    if damage == "gone":
        store.delete(part.key)
    elif damage == "short":
        store.put(part.key, b"on")
    elif damage == "other":
        store.put(part.key, b"eno")
    elif damage == "no record":
        store.put(record, b'{"schema_version": 1, "parts": []')
    elif damage == "newer record":
        store.put(record, b'{"schema_version": 2, "made": {}, "parts": []}')
    else:
        store.put(record, b"[" * (17 * 2**20))
    assert shelf.find(KEY) is None
    again = keep(shelf, "b", b"two")
    assert again.made == {"by": "b"}
    assert shelf.find(KEY) == again


def test_files_are_handed_over(store: Store, tmp_path: Path) -> None:
    shelf = Shelf(store, "result")
    (tmp_path / "made").write_bytes(b"x" * 5000)
    part = shelf.put("results/made", tmp_path / "made")
    assert (part.size, part.sha256) == (5000, hashlib.sha256(b"x" * 5000).hexdigest())
    assert not (tmp_path / "made").exists()


def test_fifty_who_made_the_same_agree_on_one(store: Store) -> None:
    def one(number: int) -> Record:
        return keep(Shelf(store, "result"), f"attempt-{number:02d}", f"made by {number}".encode())

    with ThreadPoolExecutor(50) as pool:
        given = list(pool.map(one, range(50)))
    (winner,) = {record.made["by"] for record in given}
    assert keys(store) == [f"results/{KEY}/{winner}.bin", f"results/{KEY}/result.json"]
    assert Shelf(store, "result").find(KEY) == given[0]
