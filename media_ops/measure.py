"""Verb: measure how good a film is beside the one it was made of."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media_ops.errors import NotComparable, NoVideo
from media_ops.model import Metrics
from media_ops.quality.report import QualityReport, QualityRequest
from media_ops.storage.source import find_source

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from media_ops.frames.film import Film
    from media_ops.quality.common import Common
    from media_ops.quality.scores import Scores

Pair = tuple["VideoFrame", "VideoFrame"]


def measure_films(request: QualityRequest, on_progress: Callable[[int, int | None], None]) -> QualityReport:
    """Play both films side by side and score each frame; `on_progress` gets frames done and frames of the source.

    Raises `NotComparable` unless both show as many frames at the same times, and what is wrong with either file.
    """
    from media_ops.frames.film import Film

    films = Film(find_source(request.a)), Film(find_source(request.b))
    if films[0].frames != films[1].frames:
        raise NotComparable(
            f"{_Playing.NAMES[0]} has {films[0].frames} frames, {_Playing.NAMES[1]} {films[1].frames}"
        )
    playing = _Playing(*films)
    scores = playing.scored(request, lambda done: on_progress(done, films[0].frames))
    return _report(request, playing, scores)


class _Playing:
    """Two films played side by side, paired by the time at which a frame is shown."""

    NAMES = ("the source", "the output")

    def __init__(self, source: Film, output: Film) -> None:
        from media_ops.container.together import Clock

        self.source, self.output = source, output
        self.notes: list[str] = []
        self.made_by: str | None = None
        self._clock = Clock(source, output)
        if self._clock.ticks:
            self.notes.append(f"times are compared after rounding to {self._clock.ticks} s")
        self._moved = Fraction(0)

    @property
    def seconds(self) -> list[float]:
        """When the frames of the source are shown."""
        return [float(time) for time in self.source.times]

    def scored(self, request: QualityRequest, on_frame: Callable[[int], None]) -> Scores:
        from media_ops.quality.common import Common
        from media_ops.quality.scores import measure
        from media_ops.quality.vmaf import Vmaf

        pairs = self._pairs()
        first = next(pairs, None)
        if first is None:
            raise NoVideo("there is not one frame to measure")
        self.common = Common.of(*first)
        self.notes += self.common.notes
        with contextlib.ExitStack() as stack:
            vmaf = None
            if request.vmaf:
                size = self.common.width, self.common.height, self.common.depth
                vmaf = stack.enter_context(Vmaf(*size, threads=request.threads))
            scores = measure(_alike(self.common, first, pairs), vmaf=vmaf, on_frame=on_frame)
            if vmaf:
                self.made_by = f"{vmaf.model}, {vmaf.library}"
        for name, film in zip(self.NAMES, (self.source, self.output), strict=True):
            if film.lost:
                self.notes.append(f"{film.lost} packets of {name} cannot be decoded")
        return scores

    def _pairs(self) -> Iterator[Pair]:
        theirs, ours = self.source.play(), self.output.play()
        while True:
            one, other = next(theirs, None), next(ours, None)
            if one is None or other is None:
                break
            self._check_time()
            yield one, other
        if one is not None or other is not None:
            ended = self.NAMES[one is not None]
            raise NotComparable(f"{ended} ends after {len(self.source.times) - (one is not None)} frames, too early")

    def _check_time(self) -> None:
        one, other = self.source.times[-1], self.output.times[-1]
        if len(self.source.times) == 1 and one != other:
            self._begin()
        if not self._clock.same(one + self._moved, other):
            rank = len(self.source.times) - 1
            raise NotComparable(
                f"frame {rank} is shown at {float(one):.6f} s in {self.NAMES[0]}, "
                f"and at {float(other):.6f} s in {self.NAMES[1]}"
            )

    def _begin(self) -> None:
        from media_ops.container.heard import heard
        from media_ops.container.together import moved_by_container

        self._moved = moved_by_container(
            self.source, self.output, lambda: [sound.start for sound in heard(self.source.path)]
        )
        if self._moved:
            self.notes.append(f"the output is moved by {float(self._moved):.6f} s: it shows nothing before 0")


def _alike(common: Common, first: Pair, others: Iterator[Pair]) -> Iterator[Pair]:
    yield common.reference(first[0]), common.distorted(first[1])
    for one, other in others:
        yield common.reference(one), common.distorted(other)


def _report(request: QualityRequest, playing: _Playing, scores: Scores) -> QualityReport:
    from media_ops.quality.joints import joint_scores
    from media_ops.quality.summary import summary, worst

    seconds, common = playing.seconds, playing.common
    joints = [rank for rank in request.joints if 0 < rank < len(scores)]
    summaries: Any = {name: summary(name, values) for name, values in scores.by_name.items()}
    report = QualityReport(
        source=request.a,
        output=request.b,
        frames=len(scores),
        width=common.width,
        height=common.height,
        pixel_format=common.format,
        scores=summaries,
        worst=worst(scores, seconds),
        joints=joint_scores(scores, joints, seconds),
        notes=playing.notes,
        vmaf_model=playing.made_by,
        metrics=Metrics(frames_decoded=2 * len(scores)),
    )
    if request.frames:
        from media_ops.quality.table import write_table

        _written(Path(request.frames), lambda path: write_table(path, scores, seconds))
    if request.plot:
        from media_ops.quality.plot import plot

        named = report.model_copy(update={"source": Path(request.a).name, "output": Path(request.b).name})
        _written(Path(request.plot), lambda path: plot(scores, seconds, named, joints).save(path, "PNG"))
    return report


def _written(path: Path, write: Callable[[Path], None]) -> None:
    """Let `path` be there whole, or as it was."""
    from media_ops.storage.publish import publish, scratch_beside

    with scratch_beside(path) as scratch:
        write(scratch / path.name)
        publish(scratch / path.name, path, replace=True)
