"""What slicing costs: `python -m media_airflow.bench` writes `build/bench.json`.

Pairs alternate in one run and medians are taken, because machines are noisy: only the ratios mean anything.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
from dataclasses import asdict
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from media_airflow.costs import Cost, Work
from media_airflow.demo.api import Run
from media_airflow.embedded import EmbeddedAirflow
from media_airflow.embedded.settings import CHECKOUT
from media_ops.errors import MediaError
from media_ops.storage.publish import scratch_beside

FOLDER = CHECKOUT / "build" / "bench"
CRF = 23
SEGMENT_SECONDS = 30
LIMITS = {"cpu_sliced_over_whole": 1.05, "cpu_sliced_over_ffmpeg": 1.08}
DAG_ID = "transcode_h264"


def main() -> int:
    """Give the exit code: 0, 1 when a limit is broken, else whose fault it was."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=180, help="length of the film (default: 180)")
    parser.add_argument("--rounds", type=int, default=3, help="pairs at preset medium (default: 3)")
    parser.add_argument("--without-airflow", action="store_true", help="leave out the run on Airflow")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        found = bench(console, arguments.seconds, arguments.rounds, not arguments.without_airflow)
    except MediaError as error:
        console.print(f"make bench: {error}", style="bold red", markup=False)
        return error.exit_code
    except KeyboardInterrupt:
        console.print("interrupted; everything that was started has been stopped")
        return 130
    (CHECKOUT / "build" / "bench.json").write_text(json.dumps(found, indent=1))
    _show(console, found)
    return int(any(found[name] > limit for name, limit in LIMITS.items()))


def bench(console: Console, seconds: float, rounds: int, with_airflow: bool) -> dict[str, Any]:
    """Measure; the keys of the demo's `ratios` are those of preset medium."""
    film = _film(console, seconds)
    segments = max(2, round(seconds / SEGMENT_SECONDS))
    with scratch_beside(FOLDER / "work") as folder:
        medium = _rounds(console, Work(film, "medium", CRF, folder), segments, rounds)
        # Two processes on two cores slow each other down in CPU seconds too, so the wall clock has a run of its own.
        side_by_side = Work(film, "medium", CRF, folder).sliced(segments, workers=_cpus())
        console.print(f"  medium, {_cpus()} at a time: {side_by_side.wall_seconds:.1f} s")
        veryfast = _rounds(console, Work(film, "veryfast", CRF, folder), segments, 1)
    cpu = {way: median(cost.cpu_seconds for cost in costs) for way, costs in medium.items()}
    whole_wall = median(cost.wall_seconds for cost in medium["whole"])
    return {
        "cpu_sliced_over_whole": _ratio(medium, "whole"),
        "cpu_sliced_over_ffmpeg": _ratio(medium, "ffmpeg"),
        "cpu_with_airflow_over_whole": round(_airflow_cpu(console, film, segments) / cpu["whole"], 4)
        if with_airflow
        else None,
        "wall_sliced_over_whole": round(side_by_side.wall_seconds / whole_wall, 4),
        "veryfast": {
            "cpu_sliced_over_whole": _ratio(veryfast, "whole"),
            "cpu_sliced_over_ffmpeg": _ratio(veryfast, "ffmpeg"),
        },
        "segments": segments,
        "seconds": seconds,
        "machine": f"{_cpus()} CPUs, {platform.machine()}, {platform.platform()}",
        "costs": {
            "medium": {way: [asdict(cost) for cost in costs] for way, costs in medium.items()},
            "veryfast": {way: [asdict(cost) for cost in costs] for way, costs in veryfast.items()},
        },
    }


def _rounds(console: Console, work: Work, segments: int, rounds: int) -> dict[str, list[Cost]]:
    """Alternate the three ways, each round in another order; one process at a time, one thread each."""
    ways = {"sliced": lambda: work.sliced(segments, workers=1), "whole": work.whole, "ffmpeg": work.ffmpeg}
    order = cycle(ways)
    costs: dict[str, list[Cost]] = {way: [] for way in ways}
    for number in range(rounds):
        for _ in ways:
            way = next(order)
            costs[way].append(ways[way]())
        next(order)
        said = ", ".join(f"{way} {costs[way][-1].cpu_seconds:.1f}" for way in ways)
        console.print(f"  {work.preset}, round {number + 1} of {rounds}, CPU-s: {said}")
    return costs


def _ratio(costs: dict[str, list[Cost]], base: str) -> float:
    """Median of the ratios of each round: what slows a whole round down cancels out."""
    pairs = zip(costs["sliced"], costs[base], strict=True)
    return round(median(sliced.cpu_seconds / other.cpu_seconds for sliced, other in pairs), 4)


def _airflow_cpu(console: Console, film: Path, segments: int) -> float:
    """CPU seconds of everything, Airflow's own processes included, from the trigger to the end of a run."""
    import time

    conf = {"source": str(film), "output": str(FOLDER / "airflow.mp4"), "crf": CRF, "segments": segments}
    console.print("  the same on Airflow")
    with EmbeddedAirflow(allowed_roots=[FOLDER], parallelism=1) as airflow, airflow.client() as client:
        airflow.wait_for_dag(DAG_ID)
        before = airflow.cpu_seconds()
        run = Run(client, DAG_ID, f"bench-{time.time_ns()}")
        client.trigger(DAG_ID, conf, run_id=run.run_id)
        if client.wait(DAG_ID, run.run_id, 3600)["state"] != "success":
            raise run.failure(run.tasks())
        return airflow.cpu_seconds() - before


def _film(console: Console, seconds: float) -> Path:
    from media_ops.demo_source import make_demo_source

    FOLDER.mkdir(parents=True, exist_ok=True)
    film = FOLDER / f"source-{seconds:g}.mp4"
    if not film.exists():
        console.print(f"drawing {seconds:g} s of film")
        make_demo_source(film, seconds=seconds)
    return film


def _cpus() -> int:
    return max(2, os.cpu_count() or 2)


def _show(console: Console, found: dict[str, Any]) -> None:
    table = Table("ratio", "measured", "limit", title=f"{found['seconds']:g} s, {found['segments']} segments")
    for name in (
        "cpu_sliced_over_whole",
        "cpu_sliced_over_ffmpeg",
        "cpu_with_airflow_over_whole",
        "wall_sliced_over_whole",
    ):
        table.add_row(name, f"{found[name]}", f"{LIMITS[name]}" if name in LIMITS else "")
    for name, value in found["veryfast"].items():
        table.add_row(f"{name}, veryfast", f"{value}", "")
    console.print(table)
    console.print(found["machine"])


if __name__ == "__main__":
    sys.exit(main())
