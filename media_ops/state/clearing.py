"""Let go of what jobs put into the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from media_ops.storage import Store

# Index, source, proof and traces stay: they tell of the job and of what it cost.
INTERMEDIATE = (
    "plan/",
    "files/",
    "analysis/",
    "artefact/",
    "segments/",
    "sound",
    "beside/",
    "slices/",
    "fences/",
    "hedges/",
)


def clear_job(store: Store, prefix: str) -> int:
    """Delete all that a job which came to nothing put into `store`, but for its traces; give the number of objects.

    Finished segments under content keys stay, they make going on cheap; parts of unfinished ones go. None of the
    job's attempts may run any more.
    """
    count = sum(_delete(store, key) for key in _keys(store, f"{prefix}/") if not key.startswith(f"{prefix}/traces/"))
    return count + _clear_unfinished(store, prefix)


def forget_intermediate(store: Store, prefix: str) -> int:
    """Delete what a job that has ended needs no more; give the number of objects."""
    return sum(forget(store, f"{prefix}/{kind}") for kind in INTERMEDIATE)


def forget(store: Store, prefix: str) -> int:
    """Delete every object below `prefix`; give their number."""
    return sum(_delete(store, key) for key in _keys(store, prefix))


def _clear_unfinished(store: Store, prefix: str) -> int:
    """Delete parts that attempts put beside finished segments and that no record names."""
    from media_ops.storage.shelf import Shelf
    from media_ops.storage.traces import traces_of

    unfinished = {trace.trace_id for trace in traces_of(store, prefix) if trace.outcome != "succeeded"}
    if not unfinished:
        return 0
    shelf = Shelf(store, "segment")
    count = 0
    for key in _keys(store, "segments/"):
        name, _, part = key.removeprefix("segments/").partition("/")
        if part.partition(".")[0] in unfinished:
            record = shelf.find(name)
            if record is None or key not in {one.key for one in record.parts}:
                count += _delete(store, key)
    return count


def _keys(store: Store, prefix: str) -> list[str]:
    keys: list[str] = []
    while batch := store.list(prefix, after=keys[-1] if keys else None):
        keys += [found.key for found in batch]
    return keys


def _delete(store: Store, key: str) -> int:
    store.delete(key)
    return 1
