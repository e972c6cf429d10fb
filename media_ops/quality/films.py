"""Pairs of frames of two films, brought to one size and format and scored."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from av.video.frame import VideoFrame

from media_ops.errors import NoVideo
from media_ops.quality.common import Common
from media_ops.quality.scores import Scores, measure
from media_ops.quality.vmaf import Vmaf

Pair = tuple[VideoFrame, VideoFrame]
# How it was measured, by name: in which size and format, and by which model and library of VMAF.
SIZE, FORMAT, MODEL = "size", "format", "vmaf"


@dataclass(frozen=True)
class Found:
    """Scores of pairs, how they were measured, and what the reader should know."""

    scores: Scores
    told: dict[str, str]
    notes: tuple[str, ...]


def measure_pairs(
    pairs: Iterator[Pair], *, vmaf: bool, threads: int, on_frame: Callable[[int], None] = lambda done: None
) -> Found:
    """Score pairs (source, made); the first decides how all are compared. Raises `NoVideo` where there is none."""
    first = next(pairs, None)
    if first is None:
        raise NoVideo("there is not one frame to measure")
    common = Common.of(*first)
    told = {SIZE: f"{common.width}x{common.height}", FORMAT: common.format}
    with contextlib.ExitStack() as stack:
        program = None
        if vmaf:
            program = stack.enter_context(Vmaf(common.width, common.height, common.depth, threads=threads))
        scores = measure(_alike(common, first, pairs), vmaf=program, on_frame=on_frame)
        if program:
            told[MODEL] = f"{program.model}, {program.library}"
    return Found(scores, told, common.notes)


def _alike(common: Common, first: Pair, others: Iterator[Pair]) -> Iterator[Pair]:
    yield common.reference(first[0]), common.distorted(first[1])
    for one, other in others:
        yield common.reference(one), common.distorted(other)
