"""What the watchdog knows from one minute to the next, and what it has done: objects in the store of results."""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import UTC, datetime
from typing import Any

from pydantic import Field, ValidationError

from media_airflow.watchdog.rules import Rule
from media_airflow.watchdog.watched import Watched
from media_ops.model import Noun
from media_ops.storage import Store

log = logging.getLogger(__name__)

_PLACE = "watchdog"
_MEMORY = f"{_PLACE}/memory.json"
_LARGEST = 16 * 2**20


class Memory(Noun):
    """What the last look left. Where it is lost everything begins anew: nothing is old, so nothing is done."""

    last: float | None = None
    gaps: tuple[tuple[float, float], ...] = ()
    dags: tuple[str, ...] = ()
    dags_at: float = 0
    first: dict[str, float] = Field({}, description="When each run that has not ended was seen first.")
    gone: dict[str, float] = Field({}, description="Since when the process of an attempt is missed.")
    until: dict[str, float] = Field({}, description="Up to which end runs were looked at, by condition.")
    paces: dict[str, dict[int, tuple[int, float]]] = Field({}, description="Of finished segments, by run.")
    hedged: dict[str, list[int]] = Field({}, description="Segments that were started a second time, by run.")

    def watched(self, now: float) -> Watched:
        """Go on counting."""
        return Watched.since(self.last, self.gaps, now)


def read_memory(store: Store) -> Memory:
    """Read it."""
    found = store.stat(_MEMORY)
    if found is None or found.size > _LARGEST:
        return Memory()
    with store.open(_MEMORY) as file:
        try:
            return Memory.model_validate_json(file.read())
        except ValidationError:
            log.warning("what the last look left cannot be read; the watchdog begins anew")
            return Memory()


def write_memory(store: Store, memory: Memory) -> None:
    """Replace it."""
    store.put(_MEMORY, memory.model_dump_json().encode())


class Diary:
    """What was done. An action is claimed before it is taken, so that nothing is done more often than its rule says,
    whoever was killed in between."""

    def __init__(self, store: Store, now: float) -> None:
        self._store, self._now = store, now

    def claim(self, rule: Rule, run: str) -> str | None:
        """Give the key of a claim to act on a run, or None: often enough, or just now."""
        for number in range(rule.times):
            key = f"{_place(rule, run)}/{number}"
            found = self._store.stat(key)
            if found is None:
                return key if self._store.put_if_absent(key, str(self._now).encode()) else None
            with self._store.open(key) as file:
                at = float(file.read())
            if 0 <= self._now - at < rule.seconds:
                return None
        return None

    def release(self, claim: str) -> None:
        """Take a claim back: nothing was done."""
        self._store.delete(claim)

    def note(self, done: list[dict[str, Any]]) -> None:
        """Add lines to the day's page. There is one writer: the DAG has one run at a time."""
        if not done:
            return
        page = f"{_PLACE}/{datetime.fromtimestamp(self._now, UTC):%Y-%m-%d}.jsonl"
        before = b""
        if self._store.stat(page):
            with self._store.open(page) as file:
                before = file.read()
        self._store.put(page, before + b"".join(json.dumps(one).encode() + b"\n" for one in done))


def _place(rule: Rule, run: str) -> str:
    name = hashlib.sha256(json.dumps([rule.condition, rule.action, run]).encode()).hexdigest()[:32]
    return f"{_PLACE}/claims/{name}"
