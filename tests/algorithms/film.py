"""Films drawn by recipe, and algorithms run over them as the contract says, without any video file."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from media_ops.algorithm import FrameAlgorithm
from media_ops.frame import Film, Moment, Window

Pictures = Sequence[Any]
Array = NDArray[Any]


def film_of(pictures: Pictures, **facts: Any) -> Film:
    """Describe a film of these pictures, each an array or a tuple of planes."""
    first = pictures[0]
    planes = first if isinstance(first, tuple) else (first,)
    height, width = planes[0].shape[:2]
    facts.setdefault("depth", 8 if planes[0].dtype == np.uint8 else 16)
    if len(planes) > 1:
        facts["subsampling"] = (round(width / planes[1].shape[1]), round(height / planes[1].shape[0]))
    rate, count = Fraction(25), len(pictures)
    return Film(width=width, height=height, frames=count, duration=count / rate, rate=rate, **facts)


def moments_of(pictures: Pictures, start: int = 0, stop: int | None = None) -> list[Moment]:
    """Give the pictures with their places, read-only."""
    taken = range(start, len(pictures) if stop is None else stop)
    return [Moment(rank, Fraction(rank, 25), locked(pictures[rank])) for rank in taken]


def locked(picture: Any) -> Any:
    if isinstance(picture, tuple):
        return tuple(locked(plane) for plane in picture)
    view = picture.view()
    view.flags.writeable = False
    return view


def run(algorithm: FrameAlgorithm, pictures: Pictures, start: int = 0, stop: int | None = None, **facts: Any) -> Any:
    """Process one segment of the film: warm-up and run-out are processed, and dropped."""
    stop = len(pictures) if stop is None else stop
    need, film, moments = algorithm.need(), film_of(pictures, **facts), moments_of(pictures)
    algorithm.check(film)
    algorithm.setup(film)
    ranks = range(max(0, start - need.warm_up), min(len(pictures), stop + need.run_out))
    made = []
    for position, rank in enumerate(ranks):
        first = max(0, rank - need.before)
        window = Window(moments[first : rank + need.after + 1], rank - first, position)
        made.append(algorithm.process(window))
        check_picture(made[-1], pictures[rank])
    return made[start - ranks.start : stop - ranks.start]


def check_picture(made: Any, source: Any) -> None:
    """Fail unless what was made has the sizes and the dtype of its source."""
    if not isinstance(source, tuple):
        made, source = (made,), (source,)
    assert len(made) == len(source)
    for one, other in zip(made, source, strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype


def run_cut(algorithm: FrameAlgorithm, pictures: Pictures, cuts: Sequence[int], **facts: Any) -> list[Any]:
    """Process the film in segments that begin at these ranks, and put them together."""
    bounds = [0, *cuts, len(pictures)]
    return [
        picture
        for start, stop in zip(bounds, bounds[1:], strict=False)
        for picture in run(algorithm, pictures, start, stop, **facts)
    ]


def psnr(one: Any, other: Any, depth: int = 8) -> float:
    """PSNR of two pictures in dB, over all planes; of planes alone, if these are given."""
    ones, others = (pair if isinstance(pair, tuple | list) else (pair,) for pair in (one, other))
    squares = sum(float(np.square(a.astype(np.float64) - b).sum()) for a, b in zip(ones, others, strict=True))
    mean = squares / sum(a.size for a in ones)
    return float("inf") if mean == 0 else 10 * float(np.log10((2**depth - 1) ** 2 / mean))


def luma_psnr(pictures: Pictures, clean: Pictures, depth: int = 8) -> float:
    """PSNR of luma over all frames at once."""
    return psnr([picture[0] for picture in pictures], [picture[0] for picture in clean], depth)


def texture(rng: np.random.Generator, height: int, width: int, contrast: float = 32) -> Array:
    """Draw something like foliage and masonry: a spectrum that falls with frequency, and hard edges in it."""
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]) + 2 / max(height, width)
    spectrum = rng.normal(size=frequency.shape) + 1j * rng.normal(size=frequency.shape)
    drawn = np.fft.irfft2(spectrum / frequency**1.4, s=(height, width))
    drawn *= contrast / drawn.std()
    for _ in range(12):
        top, left = rng.integers(0, height), rng.integers(0, width)
        part = drawn[top : top + rng.integers(2, height // 2), left : left + rng.integers(2, width // 2)]
        part *= rng.uniform(0, 1)
        part += rng.uniform(-60, 60)
    rows, columns = np.indices((height // 4, width // 4))
    drawn[: height // 4, : width // 4] += 40 * ((rows // 6 + columns // 10) % 2)
    return drawn


def crop(canvas: Array, top: float, left: float, height: int, width: int) -> Array:
    """Look at a canvas of twice the size: half pixels can be moved, and edges are as soft as a lens makes them."""
    row, column = round(2 * top), round(2 * left)
    part = canvas[row : row + 2 * height, column : column + 2 * width]
    return np.asarray(part.reshape(height, 2, width, 2, *part.shape[2:]).mean((1, 3)))


def moving(frames: int = 24, height: int = 192, width: int = 320, seed: int = 1, cut: bool = True) -> list[Array]:
    """Draw float RGB pictures: a pan with objects that move against it; after a cut, a still scene with objects."""
    rng = np.random.default_rng(seed)
    pictures = []
    for scene in range(1 + cut):
        count = frames // (1 + cut)
        margin = 4 * count * 2
        canvas = canvas_of(rng, 2 * height + margin, 2 * width + margin, 118 + 10 * scene)
        objects = [
            (canvas_of(rng, 2 * 56, 2 * 72, 90 + 50 * number), rng.uniform(0.1, 0.5, 2), rng.uniform(2, 7, 2))
            for number in range(3)
        ]
        for number in range(count):
            pan = (0.5 * number, 3.5 * number) if scene == 0 else (0.0, 0.0)
            picture = crop(canvas, *pan, height, width)
            for drawn, place, speed in objects:
                top, left = (place * (height - 56, width - 72) + (number * speed[0] / 3, number * speed[1])).astype(
                    int
                )
                top, left = min(top, height - 56), min(left, width - 72)
                rows, columns = np.indices((56, 72))
                inside = ((rows - 27.5) / 28) ** 2 + ((columns - 35.5) / 36) ** 2 < 1
                picture[top : top + 56, left : left + 72][inside] = crop(drawn, 0, 0, 56, 72)[inside]
            pictures.append(picture)
    return pictures


def canvas_of(rng: np.random.Generator, height: int, width: int, level: float) -> Array:
    """Draw a textured canvas whose colours vary less, and more slowly, than its brightness."""
    luma = texture(rng, height, width) + level
    tint = [texture(rng, height // 8, width // 8, 12).repeat(8, 0).repeat(8, 1) for _ in range(2)]
    tint = [np.pad(one, ((0, height - one.shape[0]), (0, width - one.shape[1])), mode="edge") for one in tint]
    return np.clip(np.stack([luma + tint[0], luma, luma + tint[1]], -1), 4, 250)


def planes_of(picture: Array, depth: int = 8, noise: tuple[np.random.Generator, float] | None = None) -> Any:
    """Make full range 4:2:0 planes of a float RGB picture, with gaussian noise of so many 8-bit code values."""
    luma = picture @ (0.2126, 0.7152, 0.0722)
    small = picture.reshape(picture.shape[0] // 2, 2, picture.shape[1] // 2, 2, 3).mean((1, 3))
    low = small @ (0.2126, 0.7152, 0.0722)
    planes = [luma, 128 + (small[..., 2] - low) / 1.8556, 128 + (small[..., 0] - low) / 1.5748]
    if noise is not None:
        planes = [plane + noise[0].normal(0, noise[1], plane.shape) for plane in planes]
    dtype, scale = (np.uint8, 1) if depth == 8 else (np.uint16, 2 ** (depth - 8))
    return tuple(np.clip(np.rint(plane * scale), 0, 2**depth - 1).astype(dtype) for plane in planes)


def clean_and_noisy(sigma: float, frames: int = 24, depth: int = 8, **drawn: Any) -> tuple[list[Any], list[Any]]:
    """Draw the moving film twice: as it is, and with gaussian noise."""
    rng = np.random.default_rng(99)
    pictures = moving(frames, **drawn)
    return [planes_of(one, depth) for one in pictures], [planes_of(one, depth, (rng, sigma)) for one in pictures]
