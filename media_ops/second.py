"""The second film of a measurement: looked at before anything is computed, and fitted to the first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from media_ops.admission import admit, inexact
from media_ops.algorithm import MeasureAlgorithm
from media_ops.errors import NotComparable, Unsupported
from media_ops.model import JobOptions
from media_ops.requests import StoredFile

if TYPE_CHECKING:
    from media_ops.frames.index import FrameIndex
    from media_ops.storage import Store


def state_key(prefix: str) -> str:
    """Name the object that says which file the second film was."""
    return f"{prefix}/second"


def keep_second(
    algorithm: MeasureAlgorithm,
    source: str,
    index: FrameIndex,
    store: Store,
    prefix: str,
    on_progress: Callable[[int, int | None], None],
) -> dict[str, StoredFile]:
    """Index the film that is measured against `source`; store its index and its state, by the parameter's name.

    Raises `NotComparable` unless both show as many frames at the same times, and what speaks against either of them.
    """
    from media_ops.frames.indexing import build_index
    from media_ops.storage.source import digest_of
    from media_ops.storage.state import SourceState

    algorithm.check()
    path = str(getattr(algorithm.params, algorithm.beside))
    state = SourceState.of(path)
    made = build_index(path, lambda packets: on_progress(packets, None))
    admit(path, made, JobOptions())
    if declined := inexact(made):
        raise Unsupported(f"{path}: {declined[1]}; `media quality` measures such a film, in one piece")
    _check_times(source, index, path, made)
    state = state.model_copy(update={"sha256": digest_of(path)})
    state.check(path)
    key = f"{prefix}/files/{algorithm.beside}"
    store.put(key, made.to_bytes())
    store.put(state_key(prefix), state.model_dump_json().encode())
    return {algorithm.beside: StoredFile(key=key, sha256=state.sha256)}


def _check_times(source: str, index: FrameIndex, path: str, made: FrameIndex) -> None:
    from media_ops.container.heard import heard
    from media_ops.container.together import Clock, moved_by_container

    if index.frames != made.frames:
        raise NotComparable(f"{source} has {index.frames} frames, {path} {made.frames}")
    ticks = index.facts.time_base, made.facts.time_base
    clock = Clock(index.facts, made.facts)
    pairs = list(zip(index.frame_pts.tolist(), made.frame_pts.tolist(), strict=True))
    moved = moved_by_container(
        pairs[0][0] * ticks[0],
        pairs[0][1] * ticks[1],
        made.facts.container,
        lambda: [sound.start for sound in heard(source)],
    )
    for rank, (one, other) in enumerate(pairs):
        if not clock.same(one * ticks[0] + moved, other * ticks[1]):
            raise NotComparable(
                f"frame {rank} is shown at {float(one * ticks[0]):.6f} s in {source}, "
                f"and at {float(other * ticks[1]):.6f} s in {path}"
            )
