"""Verb: measure how good a film is beside the one it was made of, in one piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops.errors import NotComparable
from media_ops.model import Metrics
from media_ops.quality.report import QualityReport, QualityRequest
from media_ops.storage.source import find_source

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from media_ops.frames.film import Film

_NAMES = ("the source", "the output")


def measure_films(request: QualityRequest, on_progress: Callable[[int, int | None], None]) -> QualityReport:
    """Play both films side by side and score each frame; `on_progress` gets frames done and frames of the source.

    Raises `NotComparable` unless both show as many frames at the same times, and what is wrong with either file.
    """
    from media_ops.frames.film import Film
    from media_ops.quality.documents import draw, report_of
    from media_ops.quality.films import measure_pairs
    from media_ops.quality.table import write_table

    source, output = Film(find_source(request.a)), Film(find_source(request.b))
    if source.frames != output.frames:
        raise NotComparable(f"{_NAMES[0]} has {source.frames} frames, {_NAMES[1]} {output.frames}")
    playing = _Playing(source, output)
    found = measure_pairs(
        playing.pairs(),
        vmaf=request.vmaf,
        threads=request.threads,
        on_frame=lambda done: on_progress(done, source.frames),
    )
    seconds = [float(time) for time in source.times]
    report = report_of(found, seconds, request.joints, request.a, request.b)
    if request.frames:
        _written(Path(request.frames), lambda path: write_table(path, found.scores, seconds))
    if request.plot:
        _written(Path(request.plot), lambda path: draw(path, found.scores, seconds, report))
    return report.model_copy(
        update={"notes": [*report.notes, *playing.notes()], "metrics": Metrics(frames_decoded=2 * report.frames)}
    )


class _Playing:
    """Two films played side by side, paired by the time at which a frame is shown."""

    def __init__(self, source: Film, output: Film) -> None:
        from media_ops.container.together import Clock

        self.source, self.output = source, output
        self._clock = Clock(source, output)
        self._moved = Fraction(0)

    def pairs(self) -> Iterator[tuple[VideoFrame, VideoFrame]]:
        theirs, ours = self.source.play(), self.output.play()
        while True:
            one, other = next(theirs, None), next(ours, None)
            if one is None or other is None:
                break
            self._check_time()
            yield one, other
        if one is not None or other is not None:
            ended = _NAMES[one is not None]
            raise NotComparable(f"{ended} ends after {len(self.source.times) - (one is not None)} frames, too early")

    def notes(self) -> list[str]:
        """Say what the reader should know of times and damage."""
        told = [f"times are compared after rounding to {self._clock.ticks} s"] if self._clock.ticks else []
        if self._moved:
            told.append(f"the output is moved by {float(self._moved):.6f} s: it shows nothing before 0")
        for name, film in zip(_NAMES, (self.source, self.output), strict=True):
            if film.lost:
                told.append(f"{film.lost} packets of {name} cannot be decoded")
        return told

    def _check_time(self) -> None:
        one, other = self.source.times[-1], self.output.times[-1]
        if len(self.source.times) == 1 and one != other:
            self._begin(one, other)
        if not self._clock.same(one + self._moved, other):
            rank = len(self.source.times) - 1
            raise NotComparable(
                f"frame {rank} is shown at {float(one):.6f} s in {_NAMES[0]}, "
                f"and at {float(other):.6f} s in {_NAMES[1]}"
            )

    def _begin(self, one: Fraction, other: Fraction) -> None:
        from media_ops.container.heard import heard
        from media_ops.container.together import moved_by_container

        self._moved = moved_by_container(
            one, other, self.output.container, lambda: [sound.start for sound in heard(self.source.path)]
        )


def _written(path: Path, write: Callable[[Path], None]) -> None:
    """Let `path` be there whole, or as it was."""
    from media_ops.storage.publish import publish, scratch_beside

    with scratch_beside(path) as scratch:
        write(scratch / path.name)
        publish(scratch / path.name, path, replace=True)
