"""Verb: cut the bytes that each segment is read from out of the source, and put them into the store."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops.model import Metrics, Plan, Segment
from media_ops.requests import SliceRequest, SliceResult

if TYPE_CHECKING:
    from media_ops.storage import Store

# Uploaded at a time; so many, and one more, lie in the scratch folder.
_AT_ONCE = 4
_PATIENCE = 5.0  # seconds between two signs of life


def slice_source(request: SliceRequest, scratch: Path, on_progress: Callable[[int, int | None], None]) -> SliceResult:
    """Read each part of the source as its worker will, decoding nothing; what was read is its slice.

    `on_progress` gets slices that are made. Raises `SourceChanged` and `FrameLost`.
    """
    from media_ops.frames.slicing import bytes_needed
    from media_ops.on_stage import rows_of
    from media_ops.storage import open_store
    from media_ops.storage.excerpt import write_excerpt
    from media_ops.storage.source import open_itself, size_of
    from media_ops.storage.state import SourceState

    store, source = open_store(request.store), request.source
    with store.open(f"{request.prefix}/source") as file:
        probed = SourceState.model_validate_json(file.read())
    probed.check(source)
    slices: dict[str, str] = {}
    written = 0

    def alive(*_: int) -> None:
        on_progress(len(slices), len(request.parts))

    with open_itself(source) as file, _Uploads(store, alive) as uploads:
        for number, rows in enumerate(request.parts):
            path = scratch / f"slice-{number:05d}"
            needed = bytes_needed(source, rows_of(store, rows), alive)
            sha256 = write_excerpt(file, size_of(source), needed, path)
            written += path.stat().st_size
            slices[rows] = f"{request.prefix}/slices/{number:05d}/{sha256}"
            uploads.add(slices[rows], path)
    probed.check(source)
    return SliceResult(slices=slices, metrics=Metrics(bytes_written=written))


class _Uploads:
    """Objects on their way to the store, several at a time. Leaving the block waits for all.

    `alive` is called while a store, which has patience of its own, is waited for.
    """

    def __init__(self, store: Store, alive: Callable[[], None]) -> None:
        self._store = store
        self._alive = alive
        self._pool = ThreadPoolExecutor(_AT_ONCE, "upload")
        self._begun: deque[Future[object]] = deque()

    def __enter__(self) -> _Uploads:
        return self

    def __exit__(self, kind: type[BaseException] | None, *raised: object) -> None:
        while kind is None and self._begun:
            self._wait()
        self._pool.shutdown(cancel_futures=True)

    def add(self, key: str, path: Path) -> None:
        """Hand a file over; wait while there are many."""
        self._begun.append(self._pool.submit(self._store.put, key, path))
        if len(self._begun) > _AT_ONCE:
            self._wait()

    def _wait(self) -> None:
        upload = self._begun.popleft()
        while not wait([upload], _PATIENCE).done:
            self._alive()
        upload.result()
        self._alive()


def parts_of(plan: Plan) -> list[str]:
    """Give the keys of the rows of all that is read by segments, each once."""
    return list(dict.fromkeys(segment.rows for segment in [*plan.segments, *plan.looked]))


def with_slices(plan: Plan, made: SliceResult) -> Plan:
    """Tell each segment of a plan which slice it is read from."""

    def told(segments: list[Segment]) -> Iterator[Segment]:
        return (segment.model_copy(update={"slice": made.slices[segment.rows]}) for segment in segments)

    parts = {"segments": list(told(plan.segments)), "looked": list(told(plan.looked))}
    return plan.model_copy(update=parts | {"metrics": made.metrics})
