"""Far sources of a request, brought near for as long as a verb works on them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media_ops.storage.far import shown
from media_ops.storage.source import lies_far
from media_ops.worker.handover import SIGNED, SOURCES

if TYPE_CHECKING:
    from media_ops.storage.attached import Attached
    from media_ops.storage.far import FarObject


@dataclass
class Near:
    """A request in which far addresses have become names without secrets, and what stands behind these."""

    request: str
    sources: list[Attached] = field(default_factory=list)

    @property
    def bytes_read(self) -> int:
        """What was fetched from far away so far."""
        return sum(source.far.bytes_read for source in self.sources)


@contextlib.contextmanager
def near(verb: str, request: str, scratch: Path) -> Iterator[Near]:
    """Open the far sources of a request as JSON; those of a job must be of the version that was probed.

    A read that failed on the way is raised at the end, whatever was made of it: FFmpeg takes it for the file's end.
    """
    record: dict[str, Any] = json.loads(request)
    addresses: dict[str, str] = record.pop(SIGNED, {})
    roles = [role for role in SOURCES if isinstance(record.get(role), str) and lies_far(record[role])]
    if not roles:
        yield Near(request)
        return
    from media_ops.storage.attached import attach, attached, detach

    kept = Path(record.get("kept") or scratch)
    kept.mkdir(exist_ok=True)
    job = json.dumps([record.get("store") or str(scratch), record.get("prefix")])
    names: list[str] = []
    try:
        for role in roles:
            record[role] = attach(_open(record[role], addresses.get(role)), kept, job)
            names.append(record[role])
        sources = [found for name in names if (found := attached(name))]
        if verb != "probe" and {"store", "prefix"} <= record.keys():
            _check_probed(record)
        try:
            yield Near(json.dumps(record), sources)
        finally:
            for source in sources:
                if source.failure:
                    raise source.failure
    finally:
        for name in names:
            detach(name)


def _open(uri: str, address: str | None) -> FarObject:
    if address:
        from media_ops.storage.signed import SignedObject

        return SignedObject(address, shown(uri))
    from media_ops.storage.source import open_far

    return open_far(uri)


def _check_probed(record: dict[str, Any]) -> None:
    from media_ops.storage import open_store
    from media_ops.storage.state import SourceState

    with open_store(record["store"]).open(f"{record['prefix']}/source") as file:
        SourceState.model_validate_json(file.read()).check_opened(record["source"])
