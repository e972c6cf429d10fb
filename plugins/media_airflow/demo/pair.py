"""One measured pair over the film's first half minute: cut and whole, and the `ffmpeg` program beside them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from media_airflow.costs import Cost, Work, run
from media_ops.errors import MediaError

SECONDS = 30


@dataclass(frozen=True)
class Pair:
    """Costs of the same `frames` frames."""

    frames: int
    sliced: Cost
    whole: Cost
    ffmpeg: Cost


def measure_pair(source: Path, seconds: float, preset: str, crf: float, folder: Path) -> Pair:
    """Measure cut, whole and `ffmpeg`, in this order; files of it are removed."""
    part = _beginning(source, seconds, folder)
    workers = max(2, os.cpu_count() or 2)
    work = Work(part, preset, crf, folder)
    _, described = run([sys.executable, "-m", "media_ops.cli", "probe", str(part), "--json"])
    sliced = work.sliced(segments=workers, workers=workers)
    return Pair(int(described["frames"]), sliced, work.whole(), work.ffmpeg())


def _beginning(source: Path, seconds: float, folder: Path) -> Path:
    """Copy the packets of the first half minute; a short film, or one that cannot be copied so, is taken whole."""
    if seconds <= SECONDS:
        return source
    part = folder / "beginning.mkv"
    streams = ["-map", "0:v:0", "-map", "0:a?", "-c", "copy"]
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(source), "-t", str(SECONDS), *streams, str(part)]
    try:
        run(command)
    except MediaError:
        return source
    return part
