"""What tests of a store look at."""

from __future__ import annotations

from media_ops.storage import Store


def read(store: Store, key: str) -> bytes:
    with store.open(key) as file:
        return file.read()


def keys(store: Store, prefix: str = "") -> list[str]:
    return [stat.key for stat in store.list(prefix)]
