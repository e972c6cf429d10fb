"""What the demo found: `build/demo/report.json` and the table at its end."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from media_airflow.demo.api import Run
from media_airflow.demo.pair import Pair


def metrics_of(run: Run, tasks: list[dict[str, Any]], source: Path, proof: dict[str, Any]) -> dict[str, Any]:
    """Sum the cost of all attempts that gave a result; wall time is from the first start to the last end."""
    costs = [result["metrics"] for result in run.results(tasks)]
    started = min(task["start"] for task in tasks if task["start"])
    ended = max(task["end"] for task in tasks if task["end"])
    size = source.stat().st_size
    return {
        "frames": proof["frames_out"],
        "cpu_seconds": round(sum(cost["cpu_seconds"] for cost in costs), 3),
        "wall_seconds": round(_seconds(ended) - _seconds(started), 3),
        "bytes_in": size,
        "bytes_out": proof["output_size"],
        "compression_ratio": round(proof["output_size"] / size, 4),
    }


def ratios_of(pair: Pair, metrics: dict[str, Any], airflow_cpu_seconds: float) -> dict[str, float]:
    """Compare. Airflow's cost is of the whole film and set against the pair's whole run, frame by frame."""
    whole_film = pair.whole.cpu_seconds * metrics["frames"] / pair.frames
    return {
        "cpu_sliced_over_whole": round(pair.sliced.cpu_seconds / pair.whole.cpu_seconds, 4),
        "cpu_sliced_over_ffmpeg": round(pair.sliced.cpu_seconds / pair.ffmpeg.cpu_seconds, 4),
        "cpu_with_airflow_over_whole": round(airflow_cpu_seconds / whole_film, 4),
        "wall_sliced_over_whole": round(pair.sliced.wall_seconds / pair.whole.wall_seconds, 4),
    }


def show(console: Console, report: dict[str, Any], pair: Pair) -> None:
    """Print the table."""
    proof, metrics, ratios = report["proof"], report["metrics"], report["ratios"]
    table = Table(title="What came of it", show_header=False, title_justify="left")
    sound = "none" if proof["av_offset_ms"] is None else f"{proof['av_offset_ms']:.3f} ms from the source's place"
    rows = [
        ("frames", f"{proof['frames_in']} in, {proof['frames_out']} out"),
        ("PTS mismatches", str(proof["pts_mismatches"])),
        ("sound", sound),
        ("joints", f"{len(proof['joints'])}, {proof['frames_compared']} frames compared ({proof['verify']})"),
        ("size", f"{metrics['bytes_in']:,} to {metrics['bytes_out']:,} bytes"),
        ("compression ratio", f"{metrics['compression_ratio']:.3f} of the source's size"),
        (
            "the run",
            f"{report['segments']} segments, {metrics['cpu_seconds']:.1f} CPU-s in {metrics['wall_seconds']:.1f} s",
        ),
    ]
    for name, cost in (("cut", pair.sliced), ("whole", pair.whole), ("ffmpeg", pair.ffmpeg)):
        rows.append(
            (f"first {pair.frames} frames, {name}", f"{cost.cpu_seconds:.1f} CPU-s in {cost.wall_seconds:.1f} s")
        )
    rows.append(
        ("CPU cut / whole", f"{ratios['cpu_sliced_over_whole']:.3f} (one pair: a hint; `make bench` measures)")
    )
    rows.append(("wall cut / whole", f"{ratios['wall_sliced_over_whole']:.3f}"))
    rows.append(("CPU with Airflow / whole", f"{ratios['cpu_with_airflow_over_whole']:.3f}"))
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
