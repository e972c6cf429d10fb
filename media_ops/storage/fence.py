"""Which attempt at a piece of work may publish: the last that has begun.

Each number is taken once, by an object that is put if absent, so attempts need no clock, no lock and no word from
Airflow: one that was given up and lives on, on a machine that nobody hears of, sees the number after its own.
"""

from __future__ import annotations

from media_ops.errors import Superseded
from media_ops.requests import Fence
from media_ops.storage.port import Store


def take(store: Store, fence: Fence | None) -> None:
    """Begin an attempt, or go on with it; raise `Superseded` if another has taken its number, or a later one."""
    if fence is None:
        return
    if not store.put_if_absent(_key(fence), fence.trace_id.encode()):
        with store.open(_key(fence)) as file:
            if file.read() != fence.trace_id.encode():
                raise Superseded(f"{fence.place}: attempt {fence.attempt} was begun before")
    check(store, fence)


def check(store: Store, fence: Fence | None) -> None:
    """Raise `Superseded` if a later attempt has begun, or the number is gone, for the job has ended."""
    if fence is None:
        return
    if later := store.list(f"{fence.place}/", after=_key(fence), limit=1):
        number = int(later[0].key.rpartition("/")[2])
        raise Superseded(f"{fence.place}: attempt {fence.attempt} was given up, and attempt {number} has begun")
    if store.stat(_key(fence)) is None:
        raise Superseded(f"{fence.place}: attempt {fence.attempt} was given up, and its job has ended")


def _key(fence: Fence) -> str:
    return f"{fence.place}/{fence.attempt:08d}"
