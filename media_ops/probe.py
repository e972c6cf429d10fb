"""Verb: describe a source and index its frames."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops import registry
from media_ops.algorithm import EncodeAlgorithm, FrameAlgorithm, MeasureAlgorithm
from media_ops.errors import Unsupported
from media_ops.profile import Profile
from media_ops.requests import ProbeRequest, ProbeResult, StoredFile

if TYPE_CHECKING:
    from media_ops.frames.index import FrameIndex
    from media_ops.storage import Store


# Of a far source's bytes: more were fetched where its blocks could not be kept.
_MOST_READ = 1.2


def probe(
    request: ProbeRequest, on_progress: Callable[[int, int | None], None], scratch: Path | None = None
) -> ProbeResult:
    """Give the profile of `source`; store its frame index, and its state for the merge to compare with.

    With a folder for it, what a large far source holds beside its picture is stored, too.

    Where an algorithm is named, it looks whether it can work on this source with these parameters. `on_progress` gets
    packets read. Raises `SourceNotFound`, `NotMedia`, `NoVideo`, `Unsupported`, `ParamsInvalid`.
    """
    from media_ops.storage import open_store
    from media_ops.storage.attached import attached
    from media_ops.storage.source import digest_of, find_source
    from media_ops.storage.state import DigestBeside, SourceState

    source = find_source(request.source)
    state = SourceState.of(source)
    # The blocks of a far source are here once it is indexed: nobody has to fetch them once more for its digest.
    with contextlib.nullcontext() if attached(source) else DigestBeside(source) as beside:
        index, profile = _indexed(source, request, on_progress)
        sha256 = beside.result() if beside else digest_of(source)
    state.check(source)
    state = state.model_copy(update={"sha256": sha256})
    key = f"{request.prefix}/index"
    store = open_store(request.store)
    store.put(key, index.to_bytes())
    store.put(f"{request.prefix}/source", state.model_dump_json().encode())
    time_base, ticks = index.facts.time_base, index.ends - int(index.frame_pts[0])
    return ProbeResult(
        profile=profile,
        sha256=sha256,
        index=key,
        frames=index.frames,
        time_base=str(time_base),
        duration=float(ticks * time_base),
        index_by="packets" if index.built_by == "packets" else "decoding",
        decoded_because=index.findings.decoded_because,
        damage=list(index.findings.damage),
        files=_considered(request, index, store, on_progress),
        beside=_beside(source, request, store, scratch, on_progress),
    )


def _indexed(
    source: str, request: ProbeRequest, on_progress: Callable[[int, int | None], None]
) -> tuple[FrameIndex, Profile]:
    from media_ops.describe import anomalies, describe
    from media_ops.frames.indexing import build_index
    from media_ops.frames.look import colour_of, display_matrix, look

    profile = describe(source)
    index = build_index(
        source,
        lambda packets: on_progress(packets, None),
        thorough=request.thorough,
        first_frames=request.first_frames,
    )
    seen = anomalies(index.frame_pts, index.facts.time_base)
    first = look(source)
    described = profile.video.colour if profile.video else None
    facts = replace(
        index.facts,
        colour=colour_of(first.frame, index.facts.colour),
        chroma_location=described.chroma_location if described else None,
        display_matrix=display_matrix(first.frame),
        interlaced=first.interlaced,
        field_order=first.field_order,
        light=first.light,
        extras=first.extras,
    )
    told = profile.model_copy(update={"anomalies": [*profile.anomalies, *seen]})
    return replace(index, facts=facts), told


def _beside(
    source: str,
    request: ProbeRequest,
    store: Store,
    scratch: Path | None,
    on_progress: Callable[[int, int | None], None],
) -> str | None:
    """Store what a far source holds beside its picture, for the sound and the merge; give its key."""
    from media_ops.frames.beside import keep_beside
    from media_ops.storage.attached import attached
    from media_ops.storage.far import SMALL

    found = attached(source)
    # Small ones are fetched whole by whoever opens them, the merge too.
    if scratch is None or found is None or found.far.size <= SMALL:
        return None
    if found.far.bytes_read > _MOST_READ * found.far.size:
        return None
    path = scratch / "beside"
    sha256 = keep_beside(source, path, lambda packets: on_progress(packets, None))
    if sha256 is None:
        path.unlink(missing_ok=True)
        return None
    key = f"{request.prefix}/beside/{sha256}"
    store.put(key, path)
    return key


def _considered(
    request: ProbeRequest, index: FrameIndex, store: Store, on_progress: Callable[[int, int | None], None]
) -> dict[str, StoredFile]:
    """Let the algorithm refuse the film before anything is computed; store the files that its parameters name."""
    if request.algorithm is None:
        return {}
    algorithm = registry.get(request.algorithm).from_params(request.params)
    if isinstance(algorithm, MeasureAlgorithm):
        from media_ops.second import keep_second

        return keep_second(algorithm, request.source, index, store, request.prefix, on_progress)
    from media_ops.encoders.chosen import check_aspect, settings_of

    for one in algorithm.renditions(index.facts.height).values():
        try:
            check_aspect(one, index.facts, request.container or "")
        except Unsupported as error:
            raise Unsupported(f"{request.source}: {error}", rule=error.rule) from error
        if isinstance(one, EncodeAlgorithm):
            _admit_rates(request.source, one, index)
    if not isinstance(algorithm, FrameAlgorithm):
        return {}
    from media_ops.encoders.formats import choose_target
    from media_ops.files import keep_files
    from media_ops.frames.arrays import Pictures
    from media_ops.frames.filmed import film
    from media_ops.frames.produced import result_index
    from media_ops.performance import guarded

    records, contents = keep_files(algorithm, store, request.prefix)
    duration = (index.ends - int(index.frame_pts[0])) * index.facts.time_base
    look = film(Pictures(index.facts, algorithm.frames).facts, index.frames, duration, contents)
    guarded(algorithm, "check", lambda: algorithm.check(look))
    try:
        if index.facts.interlaced and algorithm.geometry(index.facts.width, index.facts.height) != (
            index.facts.width,
            index.facts.height,
        ):
            raise Unsupported("it is interlaced: another size would mix its two fields", rule="interlaced-scaling")
        choose_target(settings_of(algorithm).codec, result_index(algorithm, index).facts)
    except Unsupported as error:
        raise Unsupported(f"{request.source}: {error}", rule=error.rule) from error
    return records


def _admit_rates(source: str, algorithm: EncodeAlgorithm, index: FrameIndex) -> None:
    from media_ops.encoders.formats import scaled_size
    from media_ops.quality.installed import require_vmaf
    from media_ops.rate.admitted import admit_rates

    if algorithm.aim().metric == "vmaf":
        require_vmaf()
    seconds = (index.ends - int(index.frame_pts[0])) * index.facts.time_base
    settings = algorithm.settings()
    try:
        size = scaled_size(index.facts, settings.height)
    except Unsupported as error:
        raise Unsupported(f"{source}: {error}", rule=error.rule) from error
    fps = index.frames / seconds if seconds else index.facts.rate
    admit_rates(source, algorithm.aim(), settings.codec, size, fps)
