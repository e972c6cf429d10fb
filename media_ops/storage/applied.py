"""What became of the rules of one store, and what they will do next."""

from __future__ import annotations

import bisect
from datetime import datetime

from pydantic import Field

from media_ops.model import Noun
from media_ops.storage.rules import Rules, spoken

NEXT = 10


class Applied(Noun):
    """What `media storage init` did to one store."""

    role: str
    address: str
    created: bool = Field(description="The bucket or folder was missing.")
    changed: bool = Field(description="The rules were other ones, or none.")
    rules: list[str]
    kept: list[str] = Field([], description="Rules of others on this bucket, left as they are.")


class Due(Noun):
    """An object and when it will have to go."""

    key: str
    size: int
    at: datetime


class StoreStatus(Noun):
    """One store as it is now."""

    role: str
    address: str
    exists: bool = True
    objects: int = 0
    bytes: int = 0
    cold_objects: int = Field(0, description="Of a folder store: those in its folder `cold`, not counted above.")
    cold_bytes: int = 0
    rules: list[str] = Field([], description="What applies, as the store itself says.")
    differences: list[str] = Field([], description="Where that is not what the configuration wants.")
    next: list[Due] = Field([], description="Objects that are deleted next.")
    incomplete: int = Field(0, description="Uploads that were not finished, or not yet.")
    incomplete_bytes: int | None = Field(None, description="None where the store does not say.")
    incomplete_since: datetime | None = Field(None, description="The oldest of them.")


class Tally:
    """Counts objects, and remembers those that go first."""

    def __init__(self) -> None:
        self.objects = 0
        self.bytes = 0
        self._first: list[tuple[datetime, str, Due]] = []

    def add(self, key: str, size: int, at: datetime | None) -> None:
        """Count an object that is deleted at a time, or never."""
        self.objects += 1
        self.bytes += size
        if at is not None:
            bisect.insort(self._first, (at, key, Due(key=key, size=size, at=at)))
            del self._first[NEXT:]

    def next(self) -> list[Due]:
        """Give those that go first, by time and key."""
        return [due for *_, due in self._first]


def sentences(rules: Rules) -> list[str]:
    """Say each rule of a folder store that is on."""
    said = []
    if rules.colder_after_days is not None:
        when = f"{spoken(rules.colder_after_days)} after they were stored"
        if rules.cold:
            said.append(f"objects are moved to {rules.cold} {when}")
        else:
            said.append(f"objects stay where they are {when}: `cold` names no folder for them")
    if rules.delete_after_days is not None:
        said.append(f"objects are deleted {spoken(rules.delete_after_days)} after they were stored")
    if rules.abort_after_days is not None:
        said.append(f"what unfinished writers left is removed after {spoken(rules.abort_after_days)}")
    return said
