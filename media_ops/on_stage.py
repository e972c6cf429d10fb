"""What everything that works on a segment begins with: its rows, its algorithm at work, what that cost."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from media_ops.algorithm import FrameAlgorithm
from media_ops.errors import SourceChanged
from media_ops.model import Metrics
from media_ops.requests import SegmentRequest

if TYPE_CHECKING:
    from media_ops.frames.index import Rows
    from media_ops.performance import Performance
    from media_ops.storage import Store


def read(store: Store, key: str) -> bytes:
    """Read a small object."""
    with store.open(key) as file:
        return file.read()


def rows_of(store: Store, key: str) -> Rows:
    """Read a segment's own rows of the index."""
    from media_ops.frames.index import Rows

    return Rows.from_bytes(read(store, key))


def perform(algorithm: FrameAlgorithm, rows: Rows, store: Store, request: SegmentRequest) -> Performance:
    """Give the algorithm its film, the files that its parameters name, and what its analysis found."""
    from media_ops.performance import Performance
    from media_ops.storage.artefact import unpacked

    files = {}
    for name, stored in request.files.items():
        files[name] = read(store, stored.key)
        if hashlib.sha256(files[name]).hexdigest() != stored.sha256:
            raise SourceChanged(f"the stored file of parameter {name!r} is not the one that the job began with")
    artefact = None
    if request.artefact:
        artefact = unpacked(read(store, request.artefact))
    return Performance(algorithm, rows, files, artefact)


def with_work(metrics: Metrics, at_work: Performance | None) -> Metrics:
    """Add what the algorithm cost."""
    if at_work is None:
        return metrics
    film = at_work.film
    return metrics.model_copy(
        update={
            "algorithm_cpu_seconds": round(at_work.algorithm_seconds, 4),
            "moving_cpu_seconds": round(at_work.moving_seconds, 4),
            "megapixel_frames": round(at_work.calls * film.width * film.height / 1e6, 6),
        }
    )
