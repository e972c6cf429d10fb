"""What bringing frames into arrays and back costs, on top of decoding and encoding: 1080p, one thread.

A real job of an algorithm that changes every sample and does next to nothing else; the engine's own clock tells
(`moving_cpu_seconds`). Decoding the same frames is the yardstick: it slows down with the machine alike.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from media_airflow.bench.films import drawn, with_pixels
from media_airflow.bench.machine import machine
from media_airflow.costs import media, run
from media_ops.storage.publish import scratch_beside

SIZE = (1920, 1080)
SOURCES = ("yuv420p", "yuv420p10le", "yuv444p", "yuv444p10le")
# Small changes of RGB, as most algorithms make; and a negative, which takes the longest way back.
JOBS: dict[str, tuple[str, dict[str, object]]] = {
    "planes": ("touch_planes", {}),
    "rgb": ("touch_rgb", {}),
    "rgb_negative": ("touch_rgb", {"negative": True}),
}
# Milliseconds of CPU a frame, for the first of the sources.
LIMITS = {"planes": 3.0, "rgb": 25.0}
_TOUCHING = Path(__file__).parent / "touching"


def moving(console: Console, folder: Path, seconds: float, sources: Sequence[str] = SOURCES) -> dict[str, Any]:
    """Measure milliseconds a frame on so many seconds of film."""
    where, found = machine(), {}
    film = drawn(console, folder, seconds, SIZE)
    with scratch_beside(folder / "moving") as scratch:
        for pixels in sources:
            source = with_pixels(film, pixels)
            found[pixels] = {"decode": _decoding(source)} | {
                form: _moving(*job, source, scratch) for form, job in JOBS.items()
            }
            said = ", ".join(f"{name} {value:.1f}" for name, value in found[pixels].items())
            console.print(f"  {pixels}, CPU-ms a frame: {said}")
    return {"machine": where, "size": SIZE, "milliseconds": found}


def broken_limits(found: dict[str, Any]) -> bool:
    """Whether 8 bit 4:2:0 takes longer than it may."""
    return any(found["milliseconds"][SOURCES[0]][form] > limit for form, limit in LIMITS.items())


def show(console: Console, found: dict[str, Any]) -> None:
    """Print the table."""
    table = Table("source", "planes", "RGB", "RGB, negative", "decoding", caption=found["machine"])
    table.title = f"moving frames, {SIZE[0]}x{SIZE[1]}, CPU-ms a frame"
    for pixels, one in found["milliseconds"].items():
        limits = LIMITS if pixels == SOURCES[0] else {}
        cells = [f"{one[form]:.1f}" + (f" (at most {limits[form]:g})" if form in limits else "") for form in JOBS]
        table.add_row(pixels, *cells, f"{one['decode']:.1f}")
    console.print(table)


def _moving(algorithm: str, params: dict[str, object], source: Path, scratch: Path) -> float:
    given = {"preset": "ultrafast", **params}
    command = media(algorithm, source, scratch / "out.mp4", given, "--whole", "--workers", "1")
    folders = [str(_TOUCHING), *filter(None, [os.environ.get("MEDIA_OPS_ALGORITHMS")])]
    metrics = run(["env", f"MEDIA_OPS_ALGORITHMS={os.pathsep.join(folders)}", *command])[1]["metrics"]
    seconds: float = metrics["moving_cpu_seconds_per_megapixel_frame"] * SIZE[0] * SIZE[1] / 1e6
    return round(1000 * seconds, 3)


def _decoding(source: Path) -> float:
    from media_ops.frames.indexing import build_index
    from media_ops.frames.reader import FrameReader

    index = build_index(source)
    began = time.thread_time()
    frames = sum(1 for _ in FrameReader(source, index.rows(0, index.frames)))
    return round(1000 * (time.thread_time() - began) / frames, 3)
