"""One frame before and after, side by side; below, the most telling part of it, magnified."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from media_ops.algorithm import FrameAlgorithm
from media_ops.errors import from_record
from media_ops.model import JobOptions
from media_ops.run import run

if TYPE_CHECKING:
    from PIL.Image import Image

    Rgb8 = NDArray[np.uint8]

WIDTH, MOST_BYTES = 960, 150_000
_GAP, _FRAME = 4, 24
# The part shown below has a quarter of the picture's width and height.
_PART = 4


def make_still(kind: type[FrameAlgorithm], clip: Path, folder: Path, workers: int) -> bytes:
    """Process `clip` with the first of the algorithm's examples, cut in two; give a JPEG.

    `folder` holds the result for a while. Raises what the job failed with.
    """
    result = folder / f"{kind.name()}.mkv"
    params = {**kind.examples[0], "encoder": "ffv1"}
    report = run(kind.name(), [str(clip)], str(result), params, JobOptions(segments=2, blend=True), workers=workers)
    if report.error:
        raise from_record(report.error)
    return _jpeg(_pairs(_shown(clip, _FRAME), _shown(result, _FRAME * kind.rate)))


def _shown(path: Path, number: int) -> Rgb8:
    """Decode one frame to RGB as algorithms get it."""
    import av

    from media_ops.frame import Rgb
    from media_ops.frames.arrays import Pictures
    from media_ops.frames.indexing import build_index

    pictures = Pictures(build_index(str(path)).facts, Rgb(bits=8))
    with av.open(str(path)) as film:
        frame = next(frame for at, frame in enumerate(film.decode(video=0)) if at == number)
        return np.array(pictures.picture(pictures.working(frame)))


def _pairs(before: Rgb8, after: Rgb8) -> Image:
    from PIL import Image

    ones = [Image.fromarray(picture) for picture in (before, after)]
    width = (WIDTH - _GAP) // 2
    height = round(width * ones[0].height / ones[0].width)
    sheet = Image.new("RGB", (WIDTH, 2 * height + _GAP), "white")
    place = _most_changed(ones[0], ones[1])
    for column, one in enumerate(ones):
        left = column * (width + _GAP)
        across, down = one.width / ones[0].width, one.height / ones[0].height
        box = (place[0] * across, place[1] * down, place[2] * across, place[3] * down)
        sheet.paste(one.resize((width, height), Image.Resampling.BOX), (left, 0))
        sheet.paste(one.resize((width, height), Image.Resampling.NEAREST, box), (left, height + _GAP))
    return sheet


def _most_changed(before: Image, after: Image) -> tuple[int, int, int, int]:
    """Give the box of the part that changes most, and has something in it: change times contrast of its shapes."""
    wide, high = before.width // _PART, before.height // _PART
    one, other = (np.asarray(picture.resize(before.size), np.float32) for picture in (before, after))
    apart: Any = np.abs(one - other).mean(-1)
    # An eighth of the size has the shapes, and next to no noise.
    shapes: Any = np.asarray(before.reduce(8).convert("L"), np.float32)

    def telling(at: tuple[int, int]) -> float:
        left, top = at
        inside = shapes[top // 8 : (top + high) // 8, left // 8 : (left + wide) // 8]
        return float(apart[top : top + high, left : left + wide].mean() * inside.std())

    left, top = max(
        (
            (left, top)
            for top in range(0, before.height - high + 1, high // 3)
            for left in range(0, before.width - wide + 1, wide // 3)
        ),
        key=telling,
    )
    return left, top, left + wide, top + high


def _jpeg(sheet: Image) -> bytes:
    """Give the best JPEG that is small enough."""
    for quality in range(92, 20, -4):
        file = io.BytesIO()
        sheet.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() <= MOST_BYTES:
            break
    return file.getvalue()
