"""Sound beside the video: copied where that is safe, else encoded, always at its time."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

Clip = Callable[[str], Path]


def heard(path: Path) -> tuple[Fraction, Fraction, np.ndarray[Any, np.dtype[np.float32]]]:
    """Start, end (seconds) and samples (mono, -1..1) of the first sound track, its gaps filled with silence."""
    parts, start, rate = [], None, 0
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "mono")
        frames: Any = container.decode(audio=0)
        for frame in frames:
            start = frame.pts * frame.time_base if start is None else start
            rate = frame.sample_rate
            parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
    samples = np.concatenate(parts)
    assert start is not None
    return start, start + Fraction(len(samples), rate), samples


def delay_in_samples(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> int:
    """Lag of `b` behind `a`, by cross-correlation of the first second."""
    length = min(len(a), len(b), 48000)
    spectrum = np.fft.rfft(a[:length], 2 * length).conj() * np.fft.rfft(b[:length], 2 * length)
    lag = int(np.fft.irfft(spectrum).argmax())
    return lag if lag < length else lag - 2 * length


@pytest.fixture
def clicks(tmp_path: Path) -> Path:
    """Video with PCM sound that begins at 0.5 s: noise, so that any shift shows in a correlation."""
    path = tmp_path / "clicks.mov"
    rng = np.random.default_rng(3)
    with av.open(str(path), "w", options={"movie_timescale": "48000"}) as output:
        video = output.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = output.add_stream("pcm_s16le", rate=48000, layout="mono")
        for number in range(75):
            picture = av.VideoFrame.from_ndarray(np.full((72, 64), number * 3, np.uint8), format="yuv420p")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            output.mux(video.encode(picture))
        output.mux(video.encode(None))
        for block in range(50):
            noise = rng.integers(-9000, 9000, (1, 1920), dtype=np.int16)
            frame = av.AudioFrame.from_ndarray(noise, "s16", "mono")
            frame.sample_rate, frame.pts, frame.time_base = 48000, 24000 + block * 1920, Fraction(1, 48000)
            output.mux(sound.encode(frame))
        output.mux(sound.encode(None))
    return path


def test_pcm_becomes_aac_at_its_own_time(clicks: Path, job: Callable[..., Any]) -> None:
    work = job(clicks)
    probed = work.probe()
    plan = work.plan(probed, segments=2)
    audio = work.audio()
    assert [(track.action, track.codec) for track in audio.tracks] == [("encode", "aac")]
    assert "encoded to AAC" in audio.warnings[0]
    result = work.merge(probed, plan, [work.segment(plan, n) for n in range(2)], audio)
    start, end, samples = heard(work.output)
    original_start, original_end, original = heard(clicks)
    assert abs(start - original_start) <= Fraction(1, 1000)
    assert abs(end - original_end) <= Fraction(1, 1000), "though AAC has blocks of 1024 samples"
    assert abs(delay_in_samples(original, samples)) <= 48, "within 1 ms"
    assert result.proof.av_offset_ms <= 1


def test_pcm_is_copied_where_the_container_takes_it(clicks: Path, job: Callable[..., Any]) -> None:
    work = job(clicks, extension=".mov")
    work.run(2)
    start, end, samples = heard(work.output)
    original_start, original_end, original = heard(clicks)
    assert (start, end) == (original_start, original_end)
    assert np.array_equal(samples, original)


@pytest.mark.parametrize("extension", [".mp4", ".mov", ".mkv"])
def test_aac_is_copied_bit_by_bit_and_its_priming_stays_unheard(
    clip: Clip, job: Callable[..., Any], extension: str
) -> None:
    work = job(clip("plain.mp4"), extension=extension)
    work.run(3)
    start, _, samples = heard(work.output)
    original_start, _, original = heard(clip("plain.mp4"))
    assert abs(start - original_start) <= Fraction(1, 1000)
    assert np.array_equal(samples[: len(original)], original)


def test_a_job_without_sound_needs_no_audio(clip: Clip, job: Callable[..., Any]) -> None:
    proof = job(clip("silent.mp4")).run(2).proof
    assert proof.av_offset_ms is None
