"""What slicing costs an encode: cut, in one piece, and by the `ffmpeg` program.

Pairs alternate in one run and medians are taken, because machines are noisy: only the ratios mean anything.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from media_airflow.bench.films import drawn
from media_airflow.bench.machine import machine
from media_airflow.costs import Cost, Work
from media_airflow.demo.api import Run
from media_airflow.embedded import EmbeddedAirflow
from media_ops.storage.publish import scratch_beside

CRF = 23
SEGMENT_SECONDS = 30
SIZE = (1280, 720)
LIMITS = {"cpu_sliced_over_whole": 1.05, "cpu_sliced_over_ffmpeg": 1.08}
DAG_ID = "transcode_h264"


def slicing(console: Console, folder: Path, seconds: float, rounds: int, with_airflow: bool) -> dict[str, Any]:
    """Measure; the keys of the demo's `ratios` are those of preset medium."""
    where, film = machine(), drawn(console, folder, seconds, SIZE)
    segments = max(2, round(seconds / SEGMENT_SECONDS))
    with scratch_beside(folder / "work") as work:
        medium = _rounds(console, Work(film, "medium", CRF, work), segments, rounds)
        # Two processes on two cores slow each other down in CPU seconds too, so the wall clock has a run of its own.
        side_by_side = Work(film, "medium", CRF, work).sliced(segments, workers=_cpus())
        console.print(f"  medium, {_cpus()} at a time: {side_by_side.wall_seconds:.1f} s")
        veryfast = _rounds(console, Work(film, "veryfast", CRF, work), segments, 1)
    cpu = {way: median(cost.cpu_seconds for cost in costs) for way, costs in medium.items()}
    whole_wall = median(cost.wall_seconds for cost in medium["whole"])
    return {
        "cpu_sliced_over_whole": _ratio(medium, "whole"),
        "cpu_sliced_over_ffmpeg": _ratio(medium, "ffmpeg"),
        "cpu_with_airflow_over_whole": round(_airflow_cpu(console, folder, film, segments) / cpu["whole"], 4)
        if with_airflow
        else None,
        "wall_sliced_over_whole": round(side_by_side.wall_seconds / whole_wall, 4),
        "veryfast": {
            "cpu_sliced_over_whole": _ratio(veryfast, "whole"),
            "cpu_sliced_over_ffmpeg": _ratio(veryfast, "ffmpeg"),
        },
        "segments": segments,
        "seconds": seconds,
        "machine": where,
        "costs": {
            "medium": {way: [asdict(cost) for cost in costs] for way, costs in medium.items()},
            "veryfast": {way: [asdict(cost) for cost in costs] for way, costs in veryfast.items()},
        },
    }


def broken_limits(found: dict[str, Any]) -> bool:
    """Whether slicing costs more than it may."""
    return any(found[name] > limit for name, limit in LIMITS.items())


def show(console: Console, found: dict[str, Any]) -> None:
    """Print the table."""
    table = Table("ratio", "measured", "limit", title=f"{found['seconds']:g} s, {found['segments']} segments")
    table.caption = found["machine"]
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


def _airflow_cpu(console: Console, folder: Path, film: Path, segments: int) -> float:
    """CPU seconds of everything, Airflow's own processes included, from the trigger to the end of a run."""
    import time

    conf = {
        "source": str(film),
        "output": str(folder / "airflow.mp4"),
        "crf": CRF,
        "segments": segments,
        "force": True,
    }
    console.print("  the same on Airflow")
    with EmbeddedAirflow(allowed_roots=[folder], parallelism=1) as airflow, airflow.client() as client:
        airflow.wait_for_dag(DAG_ID)
        before = airflow.cpu_seconds()
        run = Run(client, DAG_ID, f"bench-{time.time_ns()}")
        client.trigger(DAG_ID, conf, run_id=run.run_id)
        if client.wait(DAG_ID, run.run_id, 3600)["state"] != "success":
            raise run.failure(run.tasks())
        return airflow.cpu_seconds() - before


def _cpus() -> int:
    return max(2, os.cpu_count() or 2)
