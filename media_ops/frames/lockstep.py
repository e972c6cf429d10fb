"""Two films played side by side: how alike their pictures are, and whether each is in its place."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorTrc

from media_ops.frames.confirmed import confirmed
from media_ops.frames.film import Film
from media_ops.frames.likeness import Cells, Picture, cells, format_of, picture, range_of, squared_error

# A frame looks like a neighbour when, in the cells where that differs from its own source by more than the coding
# noise of this frame and of the film (and by a code value), it is less than half as far from the neighbour.
_DECISIVE = 0.5
_LEAST_CHANGE = 1.0
# Alone, that proves a misplaced frame only where the cells change clearly: at CRF 23 x264, whatever drives it,
# repeats a picture whose cells change by up to three code values. Two frames that have changed places, or a run that
# is shifted as a whole, are no encoder's doing at any size. Measured on eight films at CRF 23, 35 and 51, fades and
# cross-fades among them, and on two that nearly stand still: no false finding.
_CLEAR_CHANGE = 4.0
_CLEARLY = 1.5
_FEWEST_CELLS = 4
_MATRICES = {
    0: "rgb",
    1: "bt709",
    2: "unspecified",
    4: "fcc",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "ycgco",
}
_TAGS = {
    "primaries": ("color_primaries", {tag.value: tag.name.lower() for tag in ColorPrimaries}),
    "transfer": ("color_trc", {tag.value: tag.name.lower() for tag in ColorTrc}),
    "matrix": ("colorspace", _MATRICES | {9: "bt2020nc", 10: "bt2020c", 14: "ictcp"}),
}


class Lockstep:
    """What playing `second` beside `first` shows; memory holds three pictures of each."""

    def __init__(self, first: Film, second: Film) -> None:
        self.first, self.second = first, second
        self.formats: tuple[str, ...] = ()
        self.compared = 0
        self.identical = 0
        self.unlike: int | None = None
        self.misplaced: list[tuple[int, int]] = []
        self._suspects: dict[int, int] = {}
        self.differences: list[str] = []
        self.notes: list[str] = []
        self._error = 0.0
        self._noise = 0.0

    @property
    def mean_psnr(self) -> float | None:
        """PSNR of the mean squared error, in dB."""
        return -10 * math.log10(self._error / self.compared) if self._error else None

    def play(self, on_progress: Callable[[int, int], None] | None = None) -> None:
        """Decode both films to their ends."""
        theirs, ours = self.first.play(), self.second.play()
        window: deque[tuple[Picture, Cells]] = deque(maxlen=3)
        waiting: tuple[Picture, Cells] | None = None
        for rank, (one, other) in enumerate(_pairs(theirs, ours)):
            if rank == 0:
                self._tags(one, other)
            made, source = picture(other), picture(one, like=other)
            if made.shape != source.shape:
                self._sizes(rank, source, made)
                break
            window.append((source, cells(source)))
            if waiting:
                self._judge(rank - 1, list(window), waiting, following=True)
            waiting = (made, cells(made))
            if on_progress:
                on_progress(rank + 1, self.first.frames)
        if waiting and window:
            self._judge(self.compared, list(window)[-2:], waiting, following=False)
        self.misplaced = sorted({*self.misplaced, *confirmed(self._suspects)})
        for film in (theirs, ours):  # the longer one, for its count and times
            for _ in film:
                pass

    def _tags(self, one: VideoFrame, other: VideoFrame) -> None:
        self.formats = (format_of(one), format_of(other))
        for name, (attribute, names) in _TAGS.items():
            if name == "matrix" and one.format.is_rgb != other.format.is_rgb:
                continue  # RGB has none
            tags = [int(getattr(frame, attribute)) for frame in (one, other)]
            if tags[0] != tags[1]:
                self.differences.append(
                    f"colour {name}: {names.get(tags[0], tags[0])} against {names.get(tags[1], tags[1])}"
                )
        ranges = [("limited", "full")[range_of(frame) == 2] for frame in (one, other)]
        if ranges[0] != ranges[1] and one.format.is_rgb == other.format.is_rgb:
            self.differences.append(f"colour range: {ranges[0]} against {ranges[1]}")
        if one.rotation != other.rotation:
            self.notes.append(f"rotation: {one.rotation} against {other.rotation} degrees")
        if len(set(self.formats)) > 1:
            self.notes.append(f"pixel format: {' against '.join(self.formats)}")

    def _sizes(self, rank: int, source: Picture, made: Picture) -> None:
        sizes = [f"{picture.shape[1]}x{picture.shape[0]}" for picture in (source, made)]
        self.differences.append(f"picture size at frame {rank}: {sizes[0]} against {sizes[1]}")

    def _judge(
        self, rank: int, window: list[tuple[Picture, Cells]], made: tuple[Picture, Cells], *, following: bool
    ) -> None:
        """Compare one frame with its source and the neighbours of that, which stand around it in `window`."""
        place = len(window) - 2 if following else len(window) - 1
        own, own_cells = window[place]
        error = squared_error(own, made[0])
        self.compared += 1
        self._error += error
        if error == 0:
            self.identical += 1
            return
        if self.unlike is None:
            self.unlike = rank
        noise = math.sqrt(error) * 255
        for at in (place - 1, place + 1):
            if not 0 <= at < len(window) or window[at][0].shape != own.shape:
                continue
            other, other_cells = window[at]
            if _nearer(made[1], own_cells, other_cells, _LEAST_CHANGE):
                noise = min(noise, math.sqrt(squared_error(other, made[0])) * 255)
                usual = max(noise, self._noise / self.compared)
                if _nearer(made[1], own_cells, other_cells, max(_CLEAR_CHANGE, _CLEARLY * usual)):
                    self.misplaced.append((rank, rank + at - place))
                if _nearer(made[1], own_cells, other_cells, max(_LEAST_CHANGE, usual)):
                    self._suspects[rank] = rank + at - place
                    break
        self._noise += noise


def _nearer(made: Cells, own: Cells, other: Cells, change: float) -> bool:
    telling = _unlikeness(own, other) > change
    if int(telling.sum()) < _FEWEST_CELLS:
        return False
    return float(_unlikeness(other, made)[telling].mean()) < _DECISIVE * float(_unlikeness(own, made)[telling].mean())


def _unlikeness(one: Cells, other: Cells) -> Cells:
    """Distance of each cell once brightness and contrast of `one` are fitted: an encoder may lag behind in a fade."""
    x, y = one - one.mean(), other - other.mean()
    spread = float((x * x).sum())
    gain = float((x * y).sum()) / spread if spread else 0.0
    distance: Cells = np.abs(y - np.float32(gain) * x)
    return distance


def _pairs(first: Iterator[VideoFrame], second: Iterator[VideoFrame]) -> Iterator[tuple[VideoFrame, VideoFrame]]:
    """Pair frames until one film ends; the other may have been played one frame further."""
    while (one := next(first, None)) is not None and (other := next(second, None)) is not None:
        yield one, other
