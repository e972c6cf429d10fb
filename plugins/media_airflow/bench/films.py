"""Films to measure with, drawn once and kept in `build/bench`."""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console

from media_airflow.costs import run


def drawn(console: Console, folder: Path, seconds: float, size: tuple[int, int]) -> Path:
    """Give the demo film of this length and size."""
    from media_ops.demo_source import make_demo_source

    folder.mkdir(parents=True, exist_ok=True)
    film = folder / f"source-{size[0]}x{size[1]}-{seconds:g}.mp4"
    if not film.exists():
        console.print(f"drawing {seconds:g} s of film, {size[0]}x{size[1]}")
        make_demo_source(film, seconds=seconds, size=size)
    return film


def with_pixels(film: Path, pixel_format: str) -> Path:
    """Give the same film, without its sound, in another pixel format."""
    made = film.with_name(f"{film.stem}-{pixel_format}.mp4")
    if not made.exists():
        unfinished = made.with_name(f".{made.name}.{os.getpid()}.part")
        command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(film), "-an", "-pix_fmt", pixel_format]
        run([*command, "-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-f", "mp4", str(unfinished)])
        unfinished.replace(made)
    return made
