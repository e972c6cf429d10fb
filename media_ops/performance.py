"""A frame algorithm at work on one segment, or on its look at it."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from media_ops.algorithm import FrameAlgorithm
from media_ops.errors import AlgorithmFailed, MediaError
from media_ops.frame import Film, Moment
from media_ops.pulse import quiet

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from media_ops.frame import Artefact
    from media_ops.frames.index import Facts, Rows
    from media_ops.frames.ring import Shown
    from media_ops.model import Segment

T = TypeVar("T")
Read = Iterable[tuple[int, "VideoFrame"]]
# Seconds beyond the usual for what an algorithm does once: importing a large library, loading a model.
_SETUP = 300.0


class Performance:
    """Feeds windows to an algorithm and turns what it gives into frames; `facts` are those of the frames made.

    `algorithm_seconds` is CPU time of this thread inside the algorithm, `moving_seconds` that of bringing pictures
    into arrays and back.
    """

    def __init__(
        self, algorithm: FrameAlgorithm, rows: Rows, files: Mapping[str, bytes], artefact: Artefact | None = None
    ) -> None:
        from media_ops.frames.arrays import Pictures
        from media_ops.frames.filmed import film
        from media_ops.frames.produced import produced_facts

        self.algorithm = algorithm
        self.algorithm_seconds = self.moving_seconds = 0.0
        self.calls = 0
        self._rows = rows
        self._pictures = Pictures(rows.facts, algorithm.frames)
        duration = (rows.ends - rows.begins) * rows.facts.time_base
        self.film: Film = film(self._pictures.facts, rows.frames, duration, files, artefact)
        self.facts: Facts = produced_facts(algorithm, self._pictures.facts)

    def know(self, artefact: Artefact) -> None:
        """Let the algorithm know what its analysis found."""
        self.film = replace(self.film, artefact=artefact)

    def frames(self, read: Read, segment: Segment) -> Iterator[tuple[int, list[VideoFrame]]]:
        """Give (rank, frames to show from it on) for each rank of the segment and of its fade-out, in order.

        Raises `AlgorithmFailed` where the algorithm raises, or gives what is no picture of the film.
        """
        from media_ops.frames.ring import windows

        need = self.algorithm.need()
        start, end = segment.start - segment.remove_frames[0], segment.end + segment.fade_out
        calls = range(start, end + segment.remove_frames[1])
        self._inside("setup", lambda: self.algorithm.setup(self.film))
        for window, shown in windows(self._shown(read), calls, need.before, need.after, segment.repeat):
            given = self._inside("process", lambda w=window: self.algorithm.process(w))  # type: ignore[misc]
            self.calls += 1
            pictures = self._checked(given)
            if window.position < len(calls) and segment.start <= window.rank < end:
                yield window.rank, self._moved(lambda p=pictures, s=shown: self._frames(p, s))  # type: ignore[misc]

    def analysed(self, read: Read, wanted: range) -> Artefact:
        """Give what the algorithm finds in the frames of `wanted`, as named arrays."""
        import numpy as np

        found = self._inside("analyse", lambda: self.algorithm.analyse(self.film, self._moments(read, wanted)))
        if not isinstance(found, Mapping):
            raise AlgorithmFailed(f"{self.algorithm.name()}: analyse gave {type(found).__name__}, not named arrays")
        return {name: np.asarray(value) for name, value in found.items()}

    def _moments(self, read: Read, wanted: range) -> Iterator[Moment]:
        """Give the pictures to look at. The algorithm asks for them, but reading them is no work of its own."""
        shown = self._shown(read)
        while True:
            began = time.thread_time()
            try:
                moment = next(shown).moment
            except StopIteration:
                return
            finally:
                self.algorithm_seconds -= time.thread_time() - began
            if moment.rank in wanted:
                self.calls += 1
                yield moment

    def _shown(self, read: Read) -> Iterator[Shown]:
        from media_ops.frames.ring import Shown

        rows = self._rows
        for rank, frame in read:
            working, picture = self._moved(lambda f=frame: self._picture(f))  # type: ignore[misc]
            ticks = int(rows.frame_pts[rank - rows.first]) - rows.begins
            yield Shown(Moment(rank, Fraction(ticks * rows.facts.time_base), picture), working)

    def _picture(self, frame: VideoFrame) -> tuple[VideoFrame, Any]:
        working = self._pictures.working(frame)
        return working, self._pictures.picture(working)

    def _frames(self, pictures: Sequence[Any], shown: Shown) -> list[VideoFrame]:
        return [self._pictures.to_frame(picture, shown.frame) for picture in pictures]

    def _checked(self, given: Any) -> Sequence[Any]:
        from media_ops.frames.checked import check_picture

        algorithm = self.algorithm
        size = algorithm.geometry(self.film.width, self.film.height)
        pictures = given if algorithm.rate > 1 else [given]
        if not isinstance(pictures, (list, tuple)) or len(pictures) != algorithm.rate:
            raise AlgorithmFailed(f"{algorithm.name()}: process gave no list of {algorithm.rate} pictures")
        for picture in pictures:
            try:
                check_picture(picture, algorithm.frames, self.film, size)
            except AlgorithmFailed as error:
                raise AlgorithmFailed(f"{algorithm.name()}: {error}") from None
        return pictures

    def _inside(self, what: str, call: Callable[[], T]) -> T:
        began = time.thread_time()
        try:
            return guarded(self.algorithm, what, call)
        finally:
            self.algorithm_seconds += time.thread_time() - began

    def _moved(self, call: Callable[[], T]) -> T:
        began = time.thread_time()
        try:
            return call()
        finally:
            self.moving_seconds += time.thread_time() - began


def guarded(algorithm: FrameAlgorithm, what: str, call: Callable[[], T]) -> T:
    """Call an algorithm; what it raises by mistake becomes `AlgorithmFailed`, with the place."""
    try:
        with quiet(_SETUP if what == "setup" else algorithm.quiet_seconds):
            return call()
    except (MediaError, OSError, MemoryError):
        raise
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        raise AlgorithmFailed(
            f"{algorithm.name()}: {what} raised {type(error).__name__} at {place}: {error}"
        ) from error
