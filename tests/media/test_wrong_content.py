"""Films drawn and encoded here: what encoders do to right frames is no finding, frames in wrong places are."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from media_ops.frames.matching import FrameMatcher
from media_ops.frames.signature import signature
from tests.everyday import ordinarily

Film = list[NDArray[np.uint8]]
COUNT, WIDTH, HEIGHT = 72, 320, 180
ENCODERS = {
    "x264 at 23": ("libx264", {"preset": "ultrafast", "crf": "23"}),
    "x264 at 35": ("libx264", {"preset": "ultrafast", "crf": "35"}),
    "x264 at 51": ("libx264", {"preset": "ultrafast", "crf": "51"}),
    "x264 with B-frames": ("libx264", {"preset": "medium", "crf": "40"}),
    "x265 at 51": ("libx265", {"preset": "ultrafast", "x265-params": "crf=51:log-level=error:pools=1"}),
    "AV1 at 63": ("libsvtav1", {"preset": "12", "svtav1-params": "crf=63:lp=1"}),
}


def texture(width: int) -> NDArray[np.float64]:
    """Smooth hills about 40 pixels wide, of 60 code values either way."""
    rng = np.random.default_rng(5)
    x, y = np.meshgrid(np.arange(width), np.arange(HEIGHT))
    waves = [(rng.normal(0, 0.1), rng.normal(0, 0.1), rng.uniform(0, 6)) for _ in range(12)]
    hills = sum(np.sin(a * x + b * y + c) for a, b, c in waves)
    return np.asarray(60 * hills / np.abs(hills).max(), np.float64)


def picture(luma: NDArray[np.float64]) -> NDArray[np.uint8]:
    chroma = np.full((HEIGHT // 2, WIDTH), 128)
    return np.concatenate([np.clip(np.rint(luma), 16, 235), chroma]).astype(np.uint8)


def panned(pixels: int) -> Film:
    """Pan by `pixels` a frame: cells change by 1.1 code values a pixel (RMS)."""
    wide = texture(WIDTH + COUNT * pixels)
    return [picture(128 + wide[:, n * pixels : n * pixels + WIDTH]) for n in range(COUNT)]


def darkened() -> Film:
    """A bright picture that nearly stands still and gets darker by uneven steps."""
    return [picture(200 + texture(WIDTH) / 3 - 0.6 * n - 3 * (n // 4)) for n in range(COUNT)]


def still() -> Film:
    """Noise over a picture that stands still."""
    rng = np.random.default_rng(6)
    return [picture(128 + texture(WIDTH) + rng.normal(0, 6, (HEIGHT, WIDTH))) for _ in range(COUNT)]


FILMS: dict[str, Callable[[], Film]] = {
    "darkened": darkened,
    "still": still,
    "slow": lambda: panned(1),
    "fast": lambda: panned(6),
}


def wrong(film: Film, order: Sequence[int], encoder: str) -> set[int]:
    """Encode the film's pictures in this order, and give the ranks that the matcher finds wrong."""
    codec, options = ENCODERS[encoder]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="nut") as output:
        stream: Any = output.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.thread_count = 1
        for number, rank in enumerate(order):
            frame = av.VideoFrame.from_ndarray(film[rank], format="yuv420p")
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    given = [signature(av.VideoFrame.from_ndarray(shown, format="yuv420p")) for shown in film]
    matcher = FrameMatcher(np.stack(given))
    buffer.seek(0)
    with av.open(buffer, "r") as made:
        for rank, frame in enumerate(made.decode(video=0)):
            matcher.add(rank, signature(frame))
    assert matcher.compared == len(film)
    return {found.rank for found in matcher.misplaced()}


@pytest.mark.parametrize(
    ("name", "encoder"),
    ordinarily(
        itertools.product(FILMS, ENCODERS),
        ("darkened", "x264 at 35"),
        ("darkened", "x265 at 51"),
        ("still", "x264 at 51"),
        ("slow", "x264 with B-frames"),
        ("fast", "x264 at 51"),
        ("fast", "AV1 at 63"),
    ),
)
def test_right_frames_pass_however_coarse_the_encoder(name: str, encoder: str) -> None:
    assert wrong(FILMS[name](), range(COUNT), encoder) == set()


ORDERS: dict[str, Callable[[list[int]], list[int]]] = {
    "swapped": lambda o: [*o[:30], o[31], o[30], *o[32:]],
    "dropped": lambda o: [*o[:30], *o[31:], o[-1]],
    "doubled": lambda o: [*o[:30], o[30], *o[30:-1]],
    "from elsewhere": lambda o: [*o[:30], o[60], *o[31:]],
    "a run from elsewhere": lambda o: [*o[:30], *o[50:56], *o[36:]],
    "repeated": lambda o: [*o[:30], o[29], *o[31:]],
}


@pytest.mark.parametrize("encoder", ["x264 at 23", "x264 at 35"])
@pytest.mark.parametrize("how", ORDERS)
@pytest.mark.parametrize("name", ["slow", "fast"])
def test_frames_in_wrong_places_are_found(name: str, how: str, encoder: str) -> None:
    if (name, how) == ("slow", "repeated"):
        pytest.skip("an encoder at low quality does that itself")
    order = ORDERS[how](list(range(COUNT)))
    misplaced = {rank for rank, shown in enumerate(order) if rank != shown}
    found = wrong(FILMS[name](), order, encoder)
    assert found
    assert found <= misplaced
