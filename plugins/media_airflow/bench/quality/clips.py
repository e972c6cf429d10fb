"""Clips of mixed complexity, made once: with and without scene cuts, grainy, smooth, and all of that in turn."""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console

from media_airflow.bench.films import drawn
from media_airflow.costs import run

SIZE, RATE, SECONDS = (640, 360), 25, 30
_SOURCE = f"s={SIZE[0]}x{SIZE[1]}:r={RATE}"
_RESTART = "setpts=PTS-STARTPTS,format=yuv420p,setsar=1"
# By name: what is made of the film that the demo draws ([0:v]) and of FFmpeg's own sources.
_RECIPES = {
    "scenery": f"[0:v]scale={SIZE[0]}:{SIZE[1]},fps={RATE},format=yuv420p[v]",
    "grain": f"[0:v]scale={SIZE[0]}:{SIZE[1]},fps={RATE},noise=alls=8:allf=t,format=yuv420p[v]",
    "zoom": f"mandelbrot={_SOURCE}:end_scale=0.02:end_pts=700,trim=0:{SECONDS},{_RESTART}[v]",
    "pan": f"[0:v]scale={2 * SIZE[0]}:-2,fps={RATE},crop={SIZE[0]}:{SIZE[1]}:"
    f"x='(in_w-out_w)*(0.5+0.5*sin(n/90))':y='(in_h-out_h)*(0.5+0.5*cos(n/70))',format=yuv420p[v]",
    "mixed": f"testsrc={_SOURCE}:d=9,{_RESTART}[a];[0:v]trim=3:12,scale={SIZE[0]}:{SIZE[1]},fps={RATE},"
    f"noise=alls=20:allf=t,{_RESTART}[b];testsrc2={_SOURCE}:d=12,{_RESTART}[c];[a][b][c]concat=n=3[v]",
}


def clips(console: Console, folder: Path) -> dict[str, Path]:
    """Give the clips by name, or the films of the folder that the environment variable CLIPS names."""
    if given := os.environ.get("CLIPS"):
        return {path.stem: path for path in sorted(Path(given).iterdir()) if path.is_file()}
    folder.mkdir(parents=True, exist_ok=True)
    film = drawn(console, folder, SECONDS, SIZE)
    return {name: _made(folder, name, graph, film) for name, graph in _RECIPES.items()}


def _made(folder: Path, name: str, graph: str, film: Path) -> Path:
    made = folder / f"{name}.mp4"
    if not made.exists():
        unfinished = folder / f".{name}.{os.getpid()}.part"
        codec = ["-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "12", "-g", "125", "-f", "mp4"]
        command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(film), "-filter_complex", graph]
        run([*command, "-map", "[v]", "-t", str(SECONDS), *codec, str(unfinished)])
        unfinished.replace(made)
    return made
