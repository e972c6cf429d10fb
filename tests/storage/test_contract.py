"""The law of every store, held against each implementation."""

from __future__ import annotations

import contextlib
import hashlib
import random
import resource
import threading
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media_ops.errors import SourceChanged, StoreRefused, StoreUnavailable
from media_ops.storage import Store
from media_ops.storage.folder import FolderStore
from media_ops.storage.keys import LONGEST_KEY
from media_ops.storage.memory import MemoryStore
from media_ops.storage.s3 import S3Store
from tests.storage.chosen import SERVER


def read(store: Store, key: str) -> bytes:
    with store.open(key) as file:
        return file.read()


def keys(store: Store, prefix: str = "") -> list[str]:
    return [stat.key for stat in store.list(prefix)]


def test_what_was_put_is_read(store: Store) -> None:
    assert store.stat("a/b") is None
    stat = store.put("a/b", b"one")
    assert (stat.key, stat.size) == ("a/b", 3)
    assert store.stat("a/b") == stat
    assert read(store, "a/b") == b"one"
    store.put("a/b", b"another")
    assert read(store, "a/b") == b"another"


def test_ranges_are_read(store: Store) -> None:
    store.put("big", bytes(range(256)) * 100)
    with store.open("big") as file:
        file.seek(1000)
        assert file.read(3) == bytes([232, 233, 234])
        assert file.seek(0, 2) == 25600


def test_a_file_is_handed_over(store: Store, tmp_path: Path) -> None:
    for key, put in (("put", store.put), ("absent", store.put_if_absent)):
        source = tmp_path / "file"
        source.write_bytes(b"body")
        assert put(key, source)
        assert not source.exists()
        assert read(store, key) == b"body"


def test_a_loser_keeps_its_file(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "file"
    source.write_bytes(b"second")
    assert store.put_if_absent("key", b"first")
    assert not store.put_if_absent("key", source)
    assert source.read_bytes() == b"second"
    assert read(store, "key") == b"first"


def test_a_missing_file_is_the_world_s_fault(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="key"):
        store.put("key", tmp_path / "missing")
    assert keys(store) == []


def test_opening_nothing(store: Store) -> None:
    store.put("a/b", b"")
    for key in ("missing", "a", "a/b/c"):
        with pytest.raises(StoreUnavailable, match="no such object"):
            store.open(key)
        assert store.stat(key) is None
        assert store.path(key) is None


def test_deleting_is_idempotent_and_takes_only_its_own(store: Store) -> None:
    for key in ("a", "a/b", "a/b/c", "a/d"):
        store.put(key, key.encode())
    store.delete("a/b")
    store.delete("a/b")
    store.delete("never/was")
    assert keys(store) == ["a", "a/b/c", "a/d"]
    for key in keys(store):
        store.delete(key)
    assert keys(store) == []


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


def test_copying(store: Store) -> None:
    store.put("a", b"body")
    store.tag("a", {"kind": "x"})
    store.put("b/c", b"other")
    store.tag("b/c", {"kind": "other", "more": ""})
    copied = store.copy("a", "b/c")
    assert (copied.key, copied.size) == ("b/c", 4)
    assert store.stat("b/c") == copied
    assert read(store, "b/c") == read(store, "a") == b"body"
    assert store.tags("b/c") == {"kind": "x"}
    assert store.sha256("b/c") == store.sha256("a") == hashlib.sha256(b"body").hexdigest()
    with pytest.raises(StoreUnavailable, match=r"'missing'.*no such object"):
        store.copy("missing", "b/c")
    assert keys(store) == ["a", "b/c"]
    assert read(store, "b/c") == b"body"


def test_tags(store: Store) -> None:
    store.put("a/b", b"body")
    before = store.stat("a/b")
    assert store.tags("a/b") == {}
    for tags in ({"status": "done", "with space": "ü+-=._:/@"}, {"only": ""}, {}, {"only": "again"}):
        store.tag("a/b", tags)
        assert store.tags("a/b") == tags
    after = store.stat("a/b")
    assert after
    assert before
    assert (after.key, after.size, after.version) == (before.key, before.size, before.version)
    if SERVER != "radosgw" or not isinstance(store, S3Store):  # where tags are a change of the object
        assert after.modified == before.modified
    assert read(store, "a/b") == b"body"
    assert keys(store) == ["a/b"]
    store.delete("a/b")
    assert keys(store) == []
    for act in (lambda: store.tags("a/b"), lambda: store.tag("a/b", {}), lambda: store.sha256("a/b")):
        with pytest.raises(StoreUnavailable, match="no such object"):
            act()
    store.put("a/b", b"anew")
    assert store.tags("a/b") == {}


@pytest.mark.parametrize("kind", [MemoryStore, FolderStore])
def test_writing_anew_takes_tags_off(kind: type, tmp_path: Path) -> None:
    store: Store = kind(*[tmp_path][: kind is FolderStore])
    store.put("a/b", b"old")
    store.tag("a/b", {"x": "y"})
    store.put("a/b", b"new")
    assert store.tags("a/b") == {}


@pytest.mark.parametrize(
    "tags", [{"": "x"}, {"a" * 129: ""}, {"a": "b" * 257}, {"a&": ""}, {"a": "<"}, {"aws:a": ""}]
)
def test_refused_tags(store: Store, tags: dict[str, str]) -> None:
    store.put("key", b"")
    with pytest.raises(ValueError, match="tag"):
        store.tag("key", tags)
    with pytest.raises(ValueError, match="tags"):
        store.tag("key", {str(number): "" for number in range(11)})
    assert store.tags("key") == {}


def test_a_large_file(store: Store, tmp_path: Path) -> None:
    body = random.Random(3).randbytes(21 * 2**20 + 17)
    for key, put in (("put", store.put), ("absent", store.put_if_absent)):
        (tmp_path / "file").write_bytes(body)
        assert put(key, tmp_path / "file")
        assert not (tmp_path / "file").exists()
        assert read(store, key) == body
        assert store.sha256(key) == hashlib.sha256(body).hexdigest()


def test_signed_addresses(store: Store, tmp_path: Path) -> None:
    store.put("a b/ü+%41", b"body")
    try:
        address = store.presign_get("a b/ü+%41", 60)
    except StoreRefused:
        assert isinstance(store, MemoryStore)
    else:
        with urllib.request.urlopen(address) as answer:
            assert answer.read() == b"body"
    try:
        address = store.presign_put("new", 60)
    except StoreRefused:
        assert isinstance(store, MemoryStore | FolderStore)
    else:
        with urllib.request.urlopen(urllib.request.Request(address, b"sent", method="PUT")):
            assert read(store, "new") == b"sent"


def test_fetching_into_a_file(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "target"
    for body in (random.Random(4).randbytes(21 * 2**20 + 17), b"", b"small"):
        put = store.put("a/b", body)
        assert store.fetch("a/b", target) == put
        assert target.read_bytes() == body
        assert [path.name for path in tmp_path.iterdir()] == ["target"]
    target.write_bytes(b"changed")
    assert read(store, "a/b") == b"small"
    with pytest.raises(StoreUnavailable, match=r"'missing'.*no such object"):
        store.fetch("missing", target)
    with pytest.raises(StoreUnavailable, match="nowhere"):
        store.fetch("a/b", tmp_path / "nowhere" / "target")
    assert target.read_bytes() == b"changed"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_fetching_onto_a_full_disk(store: Store, tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"as it was")
    store.put("key", b"x" * 2_000_000)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(StoreUnavailable, match=r"target.*too large"):
            store.fetch("key", tmp_path / "target")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "target").read_bytes() == b"as it was"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


@pytest.mark.parametrize(
    "key",
    [
        "a b/c  d",
        "ü/日本語/🎬",
        "x" * 1000,
        "y/" * 499 + "yy",
        "a+b/%2F/&?#=;",
        "\"<>'`|{}^",
        "a/..b/...",
        r"back\slash",
    ],
)
def test_odd_keys(store: Store, key: str) -> None:
    store.put(key, b"body")
    store.copy(key, "copy")
    store.copy("copy", key)
    store.tag(key, {"a": "b"})
    assert store.tags(key) == {"a": "b"}
    assert read(store, key) == read(store, "copy") == b"body"
    assert keys(store) == sorted(["copy", key])
    assert [stat.key for stat in store.list(key)] == [key]
    store.delete(key)
    assert keys(store) == ["copy"]


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "a/../b",
        "a/.",
        "a\0b",
        "a\nb",
        "\x7f",
        "a\uffff",
        "x" * (LONGEST_KEY + 1),
    ],
)
def test_refused_keys(store: Store, tmp_path: Path, key: str) -> None:
    for act in (
        store.open,
        lambda key: store.fetch(key, tmp_path / "x"),
        store.stat,
        store.delete,
        store.path,
        store.tags,
        store.sha256,
    ):
        with pytest.raises(ValueError, match="key"):
            act(key)
    for sign in (store.presign_get, store.presign_put):
        with pytest.raises(ValueError, match="key"):
            sign(key, 60)
    store.put("a", b"")
    for pair in ((key, "a"), ("a", key)):
        with pytest.raises(ValueError, match="key"):
            store.copy(*pair)
    for put in (store.put, store.put_if_absent):
        with pytest.raises(ValueError, match="key"):
            put(key, b"")


def test_pages(store: Store) -> None:
    names = sorted(f"p/{n % 7}/{n:03}" for n in range(50)) + ["q"]
    for name in names:
        store.put(name, b"x")
    found: list[str] = []
    while page := store.list("p/", after=found[-1] if found else None, limit=8):
        assert len(page) <= 8
        found += [stat.key for stat in page]
    assert found == names[:-1]
    assert [s.key for s in store.list("p/3")] == [n for n in names if n.startswith("p/3")]
    assert [s.key for s in store.list(after="p/6/999")] == ["q"]
    assert store.list("nothing") == []


segments = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="/\ufffe\uffff"), min_size=1, max_size=90
)
odd = st.sampled_from(
    [
        ".x",
        "...",
        "~",
        "%",
        "%2F",
        "a+",
        "a%",
        "+",
        " ",
        "é",
        "e\u0301",
        "A",
        "a",
        "x" * 300,
        "." * 300,
        "/"[:0] + "-",
    ]
)
any_key = st.lists(segments | odd, min_size=1, max_size=3).map("/".join)


def allowed(key: str) -> bool:
    return (
        not {".", "..", ""} & set(key.split("/")) and len(key.encode()) <= LONGEST_KEY - 24
    )  # a bucket's tests have a prefix


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.sets(any_key.filter(allowed), max_size=8), prefix=any_key | st.just(""))
def test_any_key_is_its_own_object(make: Callable[[], Store], wanted: set[str], prefix: str) -> None:
    store = make()
    for key in wanted:
        assert store.put_if_absent(key, key.encode())
    assert keys(store) == sorted(wanted)
    assert keys(store, prefix) == sorted(key for key in wanted if key.startswith(prefix))
    for key in wanted:
        assert read(store, key) == key.encode()
        assert [s.key for s in store.list(after=key, limit=1)] == sorted(k for k in wanted if k > key)[:1]
    for key in wanted:
        store.delete(key)
    assert keys(store) == []


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
