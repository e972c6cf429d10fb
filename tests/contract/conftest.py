"""Clips on which a cut shows: motion, noise that no two frames share, scene cuts, a GOP structure with B-frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

import media_ops.algorithms
from media_ops import registry
from media_ops.algorithm import Algorithm

ALGORITHMS = Path(__file__).parent / "algorithms"
FRAMES = 72


def picture(number: int, width: int = 160, height: int = 96) -> NDArray[np.uint8]:
    """Draw one picture: a panning texture with moving boxes, another scene from the middle on, and noise."""
    rows, columns = np.mgrid[0:height, 0:width]
    second = number >= FRAMES // 2
    shift = number * (3 if second else 2)
    ground = 90 + 50 * np.sin((columns + shift) / (7 if second else 11)) * np.cos(rows / 9)
    rgb = np.stack([ground + 25, ground, ground * (0.6 if second else 1.2)], -1)
    at = (5 * number) % (width - 30)
    rgb[20:50, at : at + 30] = (210, 60, 40) if second else (40, 200, 90)
    noise = np.random.default_rng(number).normal(0, 6, rgb.shape)
    return np.clip(rgb + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a film of 72 frames, 8 bit, 4:2:0, BT.709, varying frame distances."""
    path = tmp_path_factory.mktemp("contract") / "film.mp4"
    with av.open(str(path), "w") as output:
        options = {"crf": "10", "preset": "veryfast", "x264-params": "keyint=24:bframes=2:threads=1"}
        video = output.add_stream("libx264", rate=25, options=options)
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        context = video.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = 1, 1, 1, 1
        for number in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
            frame.pts = number + number // 5
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    return path


@pytest.fixture
def further(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], type[Algorithm]]:
    """Register the algorithms of `tests/contract/algorithms`, here and in child processes; get one by name."""
    monkeypatch.setenv("MEDIA_OPS_ALGORITHMS", str(ALGORITHMS))
    monkeypatch.setattr(media_ops.algorithms, "__path__", [*media_ops.algorithms.__path__, str(ALGORITHMS)])
    return registry.get
