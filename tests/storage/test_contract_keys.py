"""The law of every store: which keys there are, and in what order and pages they are listed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media_ops.storage import Store
from media_ops.storage.keys import LONGEST_KEY
from tests.storage.reading import keys, read


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
