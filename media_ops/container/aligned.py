"""Whether an encoded sound track is heard when its original is: at its start, in its middle, at its end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from av.audio.frame import AudioFrame
from av.error import FFmpegError
from numpy.typing import NDArray

from media_ops.container.sync import SoundTrack
from media_ops.errors import ProofFailed
from media_ops.frames.source import demux

Samples = NDArray[np.float32]

_RATE = 16000
_WINDOWS, _SECONDS = 5, 1
_LIMIT = Fraction(1, 1000)
# Below these nothing can be said of a window: silence, or sound that coding has changed beyond recognition.
_QUIET, _UNLIKE = 1e-4, 0.2
# A tone fits at many places: the place it should have need not fit best, only nearly as well as any.
_AS_GOOD = 0.7


def check_alignment(original: SoundTrack, encoded: SoundTrack) -> Fraction:
    """Give by how much the start has moved; raise `ProofFailed` where sound stands elsewhere or is missing."""
    span, made = _span(original), _span(encoded)
    if span is None or made is None:
        if span is not made:
            raise ProofFailed(f"sound track {original.index}: nothing of it can be heard in the result")
        return Fraction(0)
    missing, extra = span[1] - made[1], made[1] - span[1]
    if missing > _LIMIT or extra > _block(encoded) + _LIMIT:
        raise ProofFailed(f"sound track {original.index} ends {float(extra) * 1000:+.3f} ms from where it did")
    starts = [span[0] + (span[1] - span[0] - _SECONDS) * part / (_WINDOWS - 1) for part in range(_WINDOWS)]
    starts = [max(start, span[0]) for start in starts]
    for start, one, other in zip(starts, _windows(original, starts), _windows(encoded, starts), strict=True):
        lag = _lag(one, other)
        if abs(lag) > _LIMIT * _RATE:
            place = f"sound track {original.index} at {float(start):.3f} s"
            raise ProofFailed(f"{place} is heard {1000 * lag / _RATE:+.1f} ms from its place")
    return abs(made[0] - span[0])


def _block(track: SoundTrack) -> Fraction:
    """What the codec may pad the end with."""
    with track.open() as container:
        context: Any = container.streams[track.index].codec_context
        return Fraction(context.frame_size or 1024, context.sample_rate or 48000)


def _heard(track: SoundTrack) -> Iterator[tuple[Fraction, AudioFrame]]:
    """Give each decoded frame with its time; what cannot be decoded is not heard.

    A frame that misses the end of the one before by no more than the limit follows it: Matroska rounds each time to a
    millisecond, and noise that is jolted by half of one is no longer alike.
    """
    end = Fraction(0)
    with track.open() as container:
        # The empty packet at the end counts: from WMA's decoder it brings the last 2048 samples.
        for packet in demux(container, container.streams[track.index]):
            with contextlib.suppress(FFmpegError):
                for frame in packet.decode():
                    if isinstance(frame, AudioFrame) and frame.samples:
                        time = end if frame.pts is None or frame.time_base is None else frame.pts * frame.time_base
                        time = end if abs(time - end) <= _LIMIT and end else time
                        end = time + Fraction(frame.samples, frame.sample_rate)
                        yield time, frame


def _span(track: SoundTrack) -> tuple[Fraction, Fraction] | None:
    start, end = None, Fraction(0)
    for time, frame in _heard(track):
        start = time if start is None else start
        end = max(end, time + Fraction(frame.samples, frame.sample_rate))
    return None if start is None else (start, end)


def _windows(track: SoundTrack, starts: list[Fraction]) -> list[Samples]:
    """Cut out a second from each start on: float32 [16000], mixed to one channel, silent where there is nothing."""
    grid = np.arange(_SECONDS * _RATE) / _RATE
    windows = [np.zeros(_SECONDS * _RATE, np.float32) for _ in starts]
    for time, frame in _heard(track):
        mono: Samples | None = None
        for start, window in zip(starts, windows, strict=True):
            offset = float(time - start)
            lasts = frame.samples / frame.sample_rate
            if offset >= _SECONDS or offset + lasts <= 0:
                continue
            mono = _mono(frame) if mono is None else mono
            inside = (grid >= offset) & (grid < offset + lasts)
            places = offset + np.arange(frame.samples) / frame.sample_rate
            window[inside] = np.interp(grid[inside], places, mono)
    return windows


def _mono(frame: AudioFrame) -> Samples:
    samples: NDArray[Any] = frame.to_ndarray()
    scale = 1.0 if samples.dtype.kind == "f" else float(np.iinfo(samples.dtype).max)
    middle = 128.0 if samples.dtype == np.uint8 else 0.0
    channels = frame.layout.nb_channels
    laid = samples if frame.format.is_planar else samples.reshape(-1, channels).T
    mixed: Samples = ((laid.astype(np.float32) - middle) / scale).mean(axis=0)
    return mixed


def _lag(one: Samples, other: Samples) -> int:
    """Samples by which `other` lags behind, 0 where nothing else fits clearly better."""
    size = 2 * len(one)
    energy = float(np.sqrt((one**2).sum() * (other**2).sum()))
    if min(float(np.sqrt((part**2).mean())) for part in (one, other)) < _QUIET:
        return 0
    fits = np.fft.irfft(np.fft.rfft(one, size).conj() * np.fft.rfft(other, size)) / energy
    limit = int(_LIMIT * _RATE)
    here = max(float(fits[: limit + 1].max()), float(fits[-limit:].max()))
    best = int(fits.argmax())
    if float(fits[best]) < _UNLIKE or here >= _AS_GOOD * float(fits[best]):
        return 0
    return best if best < len(one) else best - size
