"""The law of every store while others write: one wins, and nobody sees a mixture or a half."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

from media_ops.errors import SourceChanged
from media_ops.storage import Store
from tests.storage.reading import keys, read


def test_a_reader_keeps_what_it_opened(store: Store) -> None:
    store.put("key", b"old")
    with store.open("key") as file:
        store.put("key", b"new")
        assert file.read() == b"old"
    with store.open("key") as file:
        store.delete("key")
        assert file.read() == b"new"


def test_a_replaced_object_is_never_mixed(store: Store) -> None:
    for end in (lambda: store.put("key", b"n" * 2_000_000), lambda: store.delete("key")):
        store.put("key", b"o" * 2_000_000)
        with store.open("key") as file:
            assert file.read(10) == b"o" * 10
            end()
            with contextlib.suppress(SourceChanged):
                assert file.read() == b"o" * 1_999_990


def test_a_version_tells_that_an_object_was_replaced(store: Store) -> None:
    old = store.put("key", b"old")
    assert store.stat("key") == store.list("key")[0] == old
    new = store.put("key", b"new")
    assert new.version != old.version
    assert store.stat("key") == new


def test_one_of_fifty_racers_wins(store: Store) -> None:
    barrier = threading.Barrier(50)

    def race(number: int) -> bool:
        barrier.wait()
        return store.put_if_absent("deep/in/a/new/folder", str(number).encode())

    with ThreadPoolExecutor(50) as pool:
        won = list(pool.map(race, range(50)))
    assert won.count(True) == 1
    assert read(store, "deep/in/a/new/folder") == str(won.index(True)).encode()
    assert keys(store) == ["deep/in/a/new/folder"]


def test_readers_never_see_half_an_object(store: Store) -> None:
    bodies = {bytes([n]) * (n * 4001) for n in range(1, 40)}
    store.put("key", next(iter(bodies)))
    done = threading.Event()

    def write() -> None:
        for body in sorted(bodies) * 3:
            store.put("key", body)
        done.set()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not done.is_set():
            assert read(store, "key") in bodies
            assert keys(store) == ["key"]
        writing.result()


def test_writers_and_deleters_of_one_folder(store: Store) -> None:
    def churn(number: int) -> None:
        for _ in range(40):
            store.put(f"a/b/{number}", b"x")
            store.delete(f"a/b/{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(churn, range(8)))
    assert keys(store) == []
