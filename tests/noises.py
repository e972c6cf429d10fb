"""Clips whose sound is noise, so that any shift of it shows."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

Noise = np.ndarray[Any, np.dtype[np.int16]]

RATE = 48000


def written(path: Path, runs: list[tuple[float, Noise]], codec: str = "pcm_s16le", rate: int = RATE) -> Path:
    """Write three seconds of picture, and runs of sound, each from its second on."""
    with av.open(str(path), "w", options={"movie_timescale": "48000"} if path.suffix == ".mov" else {}) as output:
        video = output.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound: Any = output.add_stream(codec, rate=rate, layout="mono")
        for number in range(75):
            picture = av.VideoFrame.from_ndarray(np.full((72, 64), number * 3, np.uint8), format="yuv420p")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            output.mux(video.encode(picture))
        output.mux(video.encode(None))
        resampler = av.AudioResampler("fltp" if codec == "aac" else "s16", "mono", rate)
        for start, samples in runs:
            for at in range(0, len(samples), 1024):
                block = np.ascontiguousarray(samples[None, at : at + 1024])
                frame = av.AudioFrame.from_ndarray(block, "s16", "mono")
                frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
                frame.pts = round(start * rate) + at
                for part in resampler.resample(frame):
                    output.mux(sound.encode(part))
        output.mux(sound.encode(None))
    return path


def noise(seconds: float, seed: int = 3, rate: int = RATE) -> Noise:
    return np.random.default_rng(seed).integers(-9000, 9000, int(seconds * rate), dtype=np.int16)
