"""Verb: produce one segment, in all renditions that are wanted of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops import registry
from media_ops.algorithm import Algorithm, EncoderSettings, FrameAlgorithm
from media_ops.making import Drawer, Given, Making
from media_ops.model import Metrics, SegmentResult
from media_ops.on_stage import perform, read
from media_ops.renditions import each_of
from media_ops.requests import ProcessRequest, digests_of
from media_ops.storage.shelf import Record, Shelf

if TYPE_CHECKING:
    from media_ops.aimed import Aimed
    from media_ops.frames.index import Rows
    from media_ops.performance import Performance
    from media_ops.storage import Store


def process(
    request: ProcessRequest,
    scratch: Path,
    on_progress: Callable[[int, int], None],
    on_key: Callable[[str], None] = lambda key: None,
) -> SegmentResult:
    """Read the segment's frames exactly, let the algorithm work, store the result under the attempt's own key.

    Where `request.reuse` says so, what was finished before is given instead. `on_progress` gets frames done and
    frames wanted, `on_key` is told under which content key another attempt may put the same. Raises `DamagedMedia`,
    `Unsupported`, `FrameLost`, `AlgorithmFailed`.
    """
    from media_ops.content import together
    from media_ops.frames.index import Rows
    from media_ops.storage import fence, open_store

    algorithm = registry.get(request.algorithm).from_params(request.params)
    store = open_store(request.store)
    fence.take(store, request.fence)
    packed = read(store, request.segment.rows)
    rows = Rows.from_bytes(packed)
    at_work = perform(algorithm, rows, store, request) if isinstance(algorithm, FrameAlgorithm) else None
    shelf = Shelf(store, "segment")
    wishes = _wishes(request, packed, rows, at_work, store, scratch)
    key = together([wish.key for wish in wishes])
    if key:
        on_key(key)
    result = _found(shelf, key, request)
    if result is None:
        found = [_found(shelf, wish.key, wish.request) for wish in wishes] if algorithm.several else [None]
        left = [wish for wish, old in zip(wishes, found, strict=True) if old is None]
        made = iter(_all(request, left, rows, at_work, shelf, on_progress))
        fence.check(store, request.fence)
        if request.reuse and key and _is_of_what_was_probed(store, request):
            made = iter([_kept(shelf, wish.key, wish.request, one) for wish, one in zip(left, made, strict=True)])
            result = _one(request, [old or next(made) for old in found])
            if algorithm.several:
                result = _kept(shelf, key, request, result)
        else:
            result = _one(request, [old or next(made) for old in found])
    return result


@dataclass(frozen=True)
class _Wish:
    """One result that is wanted of the segment: its plain request, its settings, and where it goes."""

    request: ProcessRequest
    algorithm: Algorithm
    aimed: Aimed
    key: str | None
    place: str
    scratch: Path


def _wishes(
    request: ProcessRequest, packed: bytes, rows: Rows, at_work: Performance | None, store: Store, scratch: Path
) -> list[_Wish]:
    from media_ops.aimed import Aimed
    from media_ops.firstpass import seconds_of

    wishes = []
    for name, algorithm, own in each_of(request, store, rows.facts.height):
        aimed = Aimed(algorithm, own, store, seconds_of(own.segment, rows))
        key = _content_key(own, algorithm, packed, at_work, aimed)
        folder = scratch / f"of-{name}" if name else scratch
        folder.mkdir(exist_ok=True)
        place = Shelf(store, "segment").place(key, request.trace_id) if key else _place(request, name)
        wishes.append(_Wish(own, algorithm, aimed, key, place, folder))
    return wishes


def _one(request: ProcessRequest, results: Sequence[SegmentResult]) -> SegmentResult:
    """Give the first of them, which has the others with it, and what all of them cost."""
    first, *others = results
    if not others:
        return first
    costs = [result.metrics for result in results]
    cost = first.metrics.model_copy(
        update={name: sum(getattr(one, name) for one in costs) for name in ("frames_decoded", "bytes_written")}
    )
    reused = all(result.reused for result in results)
    # Who races for the ladder's record is told apart by this, whoever made the first of them.
    told = {"trace_id": request.trace_id, "reused": reused}
    return first.model_copy(update={"others": others, "metrics": cost} | told)


def _kept(shelf: Shelf, key: str | None, request: ProcessRequest, result: SegmentResult) -> SegmentResult:
    """Let others find it; give the one that counts now, with what this one cost, even where it is another's."""
    if key is None or request.reuse is None:
        return result
    parts = [part for one in (result, *result.others) for part in one.parts]
    record = shelf.keep(key, result.model_dump(mode="json"), parts, replace=request.reuse.force)
    return _counts(record, request).model_copy(update={"metrics": result.metrics})


def _counts(record: Record, request: ProcessRequest) -> SegmentResult:
    counts = SegmentResult.model_validate(record.made)
    order = {"order": request.segment.order}
    others = [other.model_copy(update=order) for other in counts.others]
    return counts.model_copy(update=order | {"others": others})


def _is_of_what_was_probed(store: Store, request: ProcessRequest) -> bool:
    """Whether the source has been, until now, the one whose sha256 is in the content key."""
    from media_ops.storage.state import SourceState

    return SourceState.model_validate_json(read(store, f"{request.prefix}/source")).is_sure(request.source)


def _place(request: ProcessRequest, name: str) -> str:
    place = f"{request.prefix}/segments/{request.segment.order:05d}/{request.trace_id}"
    return f"{place}.{name}" if name else place


def _content_key(
    request: ProcessRequest, algorithm: Algorithm, rows: bytes, at_work: Performance | None, aimed: Aimed
) -> str | None:
    if request.reuse is None:
        return None
    from media_ops.content import segment_key
    from media_ops.storage.artefact import digest_of

    artefact = at_work.film.artefact if at_work else None
    return segment_key(
        algorithm,
        request.reuse.source_sha256,
        digests_of(request.files),
        request.segment,
        rows,
        None if artefact is None else digest_of(artefact),
        {
            "threads": request.threads,
            "conceal": request.conceal,
            "digests": request.digests,
            "seams": request.seams,
        }
        | aimed.counts,
    )


def _found(shelf: Shelf, key: str | None, request: ProcessRequest) -> SegmentResult | None:
    """Give the segment if it was finished before and is whole."""
    if key is None or (request.reuse and request.reuse.force):
        return None
    record = shelf.find(key)
    if record is None:
        return None
    return _counts(record, request).model_copy(update={"reused": True, "metrics": Metrics()})


def _all(
    request: ProcessRequest,
    wishes: Sequence[_Wish],
    rows: Rows,
    at_work: Performance | None,
    shelf: Shelf,
    on_progress: Callable[[int, int], None],
) -> list[SegmentResult]:
    """Make the segment as it is wished for, and once more what has missed its bit rate."""
    from media_ops.rate.passlog import stats_path

    results: dict[int, SegmentResult] = {}
    with contextlib.ExitStack() as opened:
        stats = []
        for wish in wishes:
            wish.aimed.prepare(wish.scratch)
            stats.append(opened.enter_context(stats_path(wish.scratch)))
        settings = {number: wish.aimed.settings(stats[number]) for number, wish in enumerate(wishes)}
        while settings:
            results |= _made(request, wishes, rows, at_work, settings, shelf, on_progress)
            tried = {number: wishes[number].aimed.better(results[number].coded, stats[number]) for number in settings}
            settings = {number: better for number, better in tried.items() if better}
    return [results[number] for number in range(len(wishes))]


def _made(
    request: ProcessRequest,
    wishes: Sequence[_Wish],
    rows: Rows,
    at_work: Performance | None,
    settings: Mapping[int, EncoderSettings],
    shelf: Shelf,
    on_progress: Callable[[int, int], None],
) -> dict[int, SegmentResult]:
    """Decode the segment once, and encode it with each of the settings, by the number of their wish."""
    from media_ops.frames.noted import Noted
    from media_ops.frames.produced import produced_times
    from media_ops.frames.reader import FrameReader

    segment = request.segment
    rate = wishes[0].algorithm.rate
    reader = FrameReader(request.source, rows, threads=request.threads, conceal=request.conceal)
    noted = Noted(reader, segment, all=request.digests)
    own = slice(segment.start + segment.fade_in - rows.first, segment.end - rows.first)
    stop = int(rows.frame_pts[own.stop]) if own.stop < len(rows.frame_pts) else rows.ends
    times = produced_times(rows.frame_pts[own], stop, rate).tolist()
    given = Given(at_work.facts if at_work else rows.facts, times, rows.begins)
    with contextlib.ExitStack() as opened:
        makings = {}
        for number, how in settings.items():
            wish = wishes[number]
            drawer = Drawer(shelf, wish.place)
            making = Making(wish.request, wish.algorithm, how, given, wish.scratch, drawer)
            makings[number] = opened.enter_context(making)
        for rank, frames in at_work.frames(noted, segment) if at_work else noted.own():
            for frame in frames:
                for making in makings.values():
                    making.add(rank, frame)
            on_progress(min(rank, segment.end - 1) + 1 - segment.start, segment.end - segment.start)
        for making in makings.values():
            making.finish()
    noted.exhaust()
    decoded = iter([reader.decoded])
    return {number: making.result(noted, at_work, next(decoded, 0)) for number, making in makings.items()}
