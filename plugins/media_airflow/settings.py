"""What the operator of the system says through the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from media_ops.errors import StoreUnavailable


@dataclass(frozen=True)
class Settings:
    """Where job objects live, which folders jobs may touch, and how many workers a plan should count on."""

    store: str
    allowed_roots: tuple[Path, ...]
    workers: int

    @classmethod
    def from_environment(cls) -> Settings:
        """Read `MEDIA_OPS_{STORE,ALLOWED_ROOTS,WORKERS}`; no roots means that nothing is allowed."""
        store = os.environ.get("MEDIA_OPS_STORE", "")
        if not store:
            raise StoreUnavailable("no store is configured: MEDIA_OPS_STORE is not set for this worker")
        roots = os.environ.get("MEDIA_OPS_ALLOWED_ROOTS", "").split(os.pathsep)
        return cls(
            store=store,
            allowed_roots=tuple(Path(root).resolve() for root in roots if os.path.isabs(root)),
            workers=max(1, int(os.environ.get("MEDIA_OPS_WORKERS") or os.cpu_count() or 1)),
        )
