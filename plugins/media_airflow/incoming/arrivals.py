"""Which objects are new."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from media_airflow.incoming.rules import Rule
from media_airflow.incoming.seen import Seen, read_seen, write_seen
from media_ops.storage import Stat, Store
from media_ops.storage.folder import FolderStore

PAGE = 1000
# A store's own writers show whole files only. What others copy into a folder grows there; its time stands still when
# it is whole.
QUIET = timedelta(seconds=30)


@dataclass(frozen=True)
class Arrival:
    """One version of an object that no run was started for."""

    rule: Rule
    stat: Stat

    def run_id(self, place: str) -> str:
        """Give an id that the same version at the same place has whoever asks."""
        made_of = json.dumps([self.rule.name, place, self.stat.key, self.stat.version])
        name = re.sub(r"[^A-Za-z0-9_.~-]+", "-", self.stat.key.rpartition("/")[2])[:80]
        return f"incoming-{self.rule.name}-{name}-{hashlib.sha256(made_of.encode()).hexdigest()[:24]}"


def arrivals(rules: Iterable[Rule], sources: Store, memory: Store, most: int) -> list[Arrival]:
    """Give the oldest of what is new, at most so many; what is gone or replaced is forgotten."""
    found = [arrival for rule in rules for arrival in _of_rule(rule, sources, memory)]
    return sorted(found, key=lambda new: (new.stat.modified, new.stat.key, new.rule.name))[:most]


def source_of(sources: Store, place: str, key: str) -> str | None:
    """Give the address by which a job reads an object: `s3://bucket/key`, or a file's path; None if that is gone."""
    if not isinstance(sources, FolderStore):
        return f"{place}/{key}"
    path = sources.path(key)
    return str(path) if path else None


def remember(memory: Store, started: Iterable[tuple[str, str, str]]) -> None:
    """Note rule, key and version of what was started."""
    by_rule: dict[str, dict[str, str]] = {}
    for rule, key, version in started:
        by_rule.setdefault(rule, {})[key] = version
    for rule, versions in by_rule.items():
        write_seen(memory, rule, {**(read_seen(memory, rule) or {}), **versions})


def _of_rule(rule: Rule, sources: Store, memory: Store) -> list[Arrival]:
    known, there = read_seen(memory, rule.name), list(_listed(rule, sources))
    seen = known or {}
    new = [Arrival(rule, stat) for stat in there if seen.get(stat.key) != stat.version]
    if known is None and not rule.existing:
        write_seen(memory, rule.name, {stat.key: stat.version for stat in there})
        return []
    kept: Seen = {stat.key: stat.version for stat in there if seen.get(stat.key) == stat.version}
    if known is None or kept != seen:
        write_seen(memory, rule.name, kept)
    return new


def _listed(rule: Rule, sources: Store) -> Iterator[Stat]:
    quiet_since = datetime.now(UTC) - QUIET if isinstance(sources, FolderStore) else None
    after: str | None = None
    while page := sources.list(rule.prefix, after=after, limit=PAGE):
        for stat in page:
            if stat.size and rule.fits(stat.key) and (quiet_since is None or stat.modified < quiet_since):
                yield stat
        after = page[-1].key
