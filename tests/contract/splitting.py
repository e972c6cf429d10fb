"""Run an algorithm over a film that is cut at given places, without encoding, and compare with one run."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from media_ops.algorithm import FrameAlgorithm
from media_ops.cut import segments_at
from media_ops.files import keep_files
from media_ops.frames.indexing import build_index
from media_ops.frames.reader import FrameReader
from media_ops.model import Segment
from media_ops.need import Need
from media_ops.on_stage import perform, rows_of
from media_ops.performance import Performance
from media_ops.requests import AnalyseRequest
from media_ops.storage import open_store
from media_ops.storage.artefact import packed, unpacked

Array = NDArray[Any]
LEAST_PSNR = 60.0


@dataclass(frozen=True)
class Run:
    """Frames by rank, each a list of planes; those of fades by (rank, side of the joint)."""

    frames: dict[int, list[list[Array]]]
    fading: dict[tuple[int, str], list[list[Array]]]


def run(kind: type[FrameAlgorithm], params: dict[str, Any], source: Path, inner: list[int], folder: Path) -> Run:
    """Cut at the ranks `inner`, process each segment with a fresh algorithm, collect what an encoder would get."""
    store, prefix = open_store(str(folder)), uuid.uuid4().hex
    index = build_index(source)
    ready = kind.from_params(params)
    assert isinstance(ready, FrameAlgorithm)
    records, _ = keep_files(ready, store, prefix)
    segments = segments_at(index, [0, *inner, index.frames], kind.from_params(params).need(), store, prefix)
    common = {"store": str(folder), "prefix": prefix, "algorithm": kind.name(), "params": params, "files": records}

    def at_work(segment: Segment) -> tuple[Performance, FrameReader]:
        request = AnalyseRequest(source=str(source), segment=segment, trace_id="t", **common)
        rows = rows_of(store, segment.rows)
        algorithm = kind.from_params(params)
        assert isinstance(algorithm, FrameAlgorithm)
        return perform(algorithm, rows, store, request), FrameReader(source, rows)

    # A look at the whole film is one look, however the film is cut afterwards.
    whole = segments_at(index, [0, index.frames], Need(), store, f"{prefix}/look")
    artefact = _artefact(kind, params, whole if kind.analyses() == "whole" else segments, at_work)
    frames: dict[int, list[list[Array]]] = {}
    fading: dict[tuple[int, str], list[list[Array]]] = {}
    for segment in segments:
        performance, reader = at_work(segment)
        performance.know(artefact)
        for rank, made in performance.frames(reader, segment):
            planes = [planes_of(frame) for frame in made]
            if rank >= segment.end:
                fading[rank, "out"] = planes
            elif rank < segment.start + segment.fade_in:
                fading[rank, "in"] = planes
            else:
                frames[rank] = planes
    return Run(frames, fading)


def broken_promises(whole: Run, cut: Run, exactness: str) -> list[str]:
    """Say which frames are not what the algorithm promised, as sentences; empty when all are."""
    found = []
    for rank, frames in cut.frames.items():
        for a, b in zip(whole.frames[rank], frames, strict=True):
            likeness = psnr(a, b)
            if exactness == "exact" and likeness < math.inf:
                found.append(f"frame {rank} is not bit-identical: {likeness:.1f} dB")
            elif exactness == "converging" and likeness < LEAST_PSNR:
                found.append(f"frame {rank} is {likeness:.1f} dB from that of one run")
    if set(cut.frames) | {rank for rank, _ in cut.fading} != set(whole.frames):
        found.append("not every frame was made")
    return found


def _artefact(kind: Any, params: Any, segments: Any, at_work: Any) -> dict[str, Array]:
    if kind.analyses() == "no":
        return {}
    parts = []
    for segment in segments:
        performance, reader = at_work(segment)
        parts.append(unpacked(packed(performance.analysed(reader, range(segment.start, segment.end)))))
    return unpacked(packed(kind.from_params(params).join(parts))) if kind.analyses() == "joined" else parts[0]


def planes_of(frame: Any) -> list[Array]:
    """Copy the visible samples of every plane."""
    kind = np.uint16 if frame.format.components[0].bits > 8 else np.uint8
    planes = []
    for plane in frame.planes:
        lines = np.frombuffer(memoryview(plane), kind).reshape(plane.height, -1)
        planes.append(lines[:, : plane.width].copy())
    return planes


def psnr(a: list[Array], b: list[Array]) -> float:
    """PSNR over all samples of all planes, against the largest code value that the deeper plane holds."""
    assert [plane.shape for plane in a] == [plane.shape for plane in b]
    squares = sum(float(((x.astype(np.float64) - y) ** 2).sum()) for x, y in zip(a, b, strict=True))
    if squares == 0:
        return math.inf
    peak = 255 if a[0].dtype == np.uint8 else 1023
    return 10 * math.log10(peak**2 * sum(plane.size for plane in a) / squares)
