"""The law of every store, held against each implementation; `test_contract_keys.py` and `_races.py` go on with it."""

from __future__ import annotations

import hashlib
import random
import resource
import urllib.request
from pathlib import Path

import pytest

from media_ops.errors import StoreRefused, StoreUnavailable
from media_ops.storage import Store
from media_ops.storage.folder import FolderStore
from media_ops.storage.memory import MemoryStore
from media_ops.storage.s3 import S3Store
from tests.storage.chosen import SERVER
from tests.storage.reading import keys, read


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
