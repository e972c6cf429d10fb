"""What the operator of the system says through the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from media_ops.errors import StoreUnavailable
from media_ops.storage.roles import FILE_VARIABLE, HOME_VARIABLE, read_stores


@dataclass(frozen=True)
class Settings:
    """Where jobs keep their parts and results, which folders they may touch, how many workers a plan counts on."""

    store: str
    results: str
    sources: str
    allowed_roots: tuple[Path, ...]
    workers: int

    @classmethod
    def from_environment(cls) -> Settings:
        """Read `MEDIA_OPS_{STORE,ALLOWED_ROOTS,WORKERS}` and the file of stores; no roots: nothing is allowed."""
        if not (os.environ.get(HOME_VARIABLE) or os.environ.get(FILE_VARIABLE)):
            raise StoreUnavailable(f"no store is configured: {HOME_VARIABLE} is not set for this worker")
        stores = read_stores()
        roots = os.environ.get("MEDIA_OPS_ALLOWED_ROOTS", "").split(os.pathsep)
        return cls(
            store=stores.segment.store,
            results=stores.result.store,
            sources=stores.source.store,
            allowed_roots=tuple(Path(root).resolve() for root in roots if os.path.isabs(root)),
            workers=max(1, int(os.environ.get("MEDIA_OPS_WORKERS") or os.cpu_count() or 1)),
        )
