"""What is to be heard: wind, surf, traffic, chords, beeps; a click marks every cut."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from media_ops.demo_source.shots.clock import FLASH
from media_ops.demo_source.timeline import Scene

SAMPLE_RATE = 48_000

Wave = npt.NDArray[np.float32]
_PENTATONIC = (0, 2, 4, 7, 9, 12, 14, 16)


def scene_sound(scene: Scene, samples: int) -> Wave:
    """Make a scene's sound, shape (2, samples), values -1 to 1."""
    rng = np.random.default_rng([scene.seed, 2])
    wave = _SOUNDS[scene.location](rng, samples)
    soft = min(samples // 2, SAMPLE_RATE // 50)
    ramp = np.linspace(0, 1, soft, dtype=np.float32)
    wave[:, :soft] *= ramp
    wave[:, samples - soft :] *= ramp[::-1]
    if not scene.dissolve:
        click = min(samples, SAMPLE_RATE // 400)
        wave[:, :click] += 0.6 * np.linspace(1, 0, click, dtype=np.float32) * rng.choice([-1, 1], click)
    return np.asarray(np.clip(wave, -1, 1), np.float32)


def _time(samples: int) -> npt.NDArray[np.float64]:
    return np.arange(samples) / SAMPLE_RATE


def _noise(rng: np.random.Generator, samples: int, low: float, high: float) -> Wave:
    """Give two channels of noise between two frequencies, its effective value 1."""
    spectrum = np.fft.rfft(rng.standard_normal((2, samples), np.float32))
    pitch = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)
    spectrum *= 1 / (1 + (low / np.maximum(pitch, 1)) ** 4) / (1 + (pitch / high) ** 4)
    wave = np.fft.irfft(spectrum, samples)
    return np.asarray(wave / max(float(wave.std()), 1e-9), np.float32)


def _pan(mono: npt.NDArray[np.float64], place: npt.ArrayLike) -> Wave:
    """Put a single channel at `place`, 0 left to 1 right."""
    right = np.asarray(place)
    return np.stack([mono * np.sqrt(1 - right), mono * np.sqrt(right)]).astype(np.float32)


def _pluck(rng: np.random.Generator, samples: int, root: float, step: float, level: float) -> Wave:
    """Play notes of a pentatonic scale, one each `step` seconds."""
    wave = np.zeros((2, samples), np.float32)
    length = int(SAMPLE_RATE * 1.6)
    time = _time(length)
    for start in range(0, samples, int(step * SAMPLE_RATE)):
        pitch = root * 2 ** (_PENTATONIC[int(rng.integers(len(_PENTATONIC)))] / 12)
        overtones = sum(
            np.sin(2 * np.pi * pitch * k * time) * np.exp(-time * (2.5 + 2 * k)) / k for k in (1, 2, 3, 4)
        )
        note = _pan(level * np.asarray(overtones), rng.uniform(0.2, 0.8))
        room = min(length, samples - start)
        wave[:, start : start + room] += note[:, :room]
    return wave


def _title(rng: np.random.Generator, samples: int) -> Wave:
    time = _time(samples)
    swell = np.minimum(1, time / 1.5) * (0.8 + 0.2 * np.sin(2 * np.pi * 0.3 * time))
    chord = sum(np.sin(2 * np.pi * pitch * time) for pitch in (130.81, 196.0, 261.63, 329.63, 392.0))
    return _pan(0.07 * swell * np.asarray(chord), 0.5)


def _mountains(rng: np.random.Generator, samples: int) -> Wave:
    time = _time(samples)
    gusts = (0.6 + 0.4 * np.sin(2 * np.pi * 0.13 * time + rng.uniform(0, 6))).astype(np.float32)
    wave = 0.06 * gusts * _noise(rng, samples, 120, 700)
    for _ in range(max(1, samples * 2 // (3 * SAMPLE_RATE))):
        length = int(SAMPLE_RATE * rng.uniform(0.07, 0.16))
        start = int(rng.integers(0, max(1, samples - length)))
        sweep = np.linspace(rng.uniform(2500, 4200), rng.uniform(2200, 5200), length)
        chirp = np.sin(2 * np.pi * np.cumsum(sweep) / SAMPLE_RATE) * np.hanning(length)
        wave[:, start : start + length] += _pan(0.13 * chirp, rng.uniform(0, 1))[:, : samples - start]
    return wave


def _aerial(rng: np.random.Generator, samples: int) -> Wave:
    time = _time(samples)
    pitch = 82 * (1 + 0.03 * np.sin(2 * np.pi * 0.11 * time))
    turn = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    engine = sum(np.sin(k * turn + k * k) / k for k in range(1, 9))
    place = 0.5 + 0.3 * np.sin(2 * np.pi * 0.05 * time)
    return _pan(0.11 * np.asarray(engine), place) + 0.03 * _noise(rng, samples, 200, 2000)


def _sea(rng: np.random.Generator, samples: int) -> Wave:
    time = _time(samples)
    surf = (0.5 + 0.5 * np.sin(2 * np.pi * 0.16 * time + rng.uniform(0, 6))) ** 2
    wave = 0.13 * surf.astype(np.float32) * _noise(rng, samples, 250, 3500)
    return wave + 0.05 * _noise(rng, samples, 60, 250)


def _city(rng: np.random.Generator, samples: int) -> Wave:
    wave = 0.08 * _noise(rng, samples, 50, 350)
    return wave + _pluck(rng, samples, 110, 0.5, 0.16)


def _lights(rng: np.random.Generator, samples: int) -> Wave:
    return _pluck(rng, samples, 261.63, 0.3, 0.2)


def _clock(rng: np.random.Generator, samples: int) -> Wave:
    time = _time(samples)
    beep = np.where(time % 1 < FLASH, 0.3 * np.sin(2 * np.pi * 1000 * time), 0)
    tick = np.where((time % 0.25 < 0.004) & (time % 1 >= 0.2), 0.18 * np.sin(2 * np.pi * 2600 * time), 0)
    return _pan(beep + tick, 0.5)


_SOUNDS = {
    "aerial": _aerial,
    "city": _city,
    "clock": _clock,
    "lights": _lights,
    "mountains": _mountains,
    "sea": _sea,
    "title": _title,
}
