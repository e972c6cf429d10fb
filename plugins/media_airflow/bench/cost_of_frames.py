"""Every frame algorithm that runs on CPUs: two segments at a time beside two copies of the program, and its cost.

A *cut* job has two workers; *copies* are two jobs on the whole film, one worker each, started together. All have one
thread per process and are timed as whole programs, from the start of Python to the published result. A cut job makes
N frames in T1 seconds, the copies 2N in T2, the later one's end: their throughput ratio is (N / T1) / (2N / T2).
`process` is the same of the stages analyse and process alone: what longer films come near.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from media_airflow.bench.films import drawn
from media_airflow.bench.machine import machine, on_cores
from media_airflow.costs import media, side_by_side
from media_ops import registry
from media_ops.algorithm import FrameAlgorithm
from media_ops.encoders.chosen import settings_of
from media_ops.storage.publish import scratch_beside

CORES = 2
LEAST_RATIO = 0.95
# So many segments the engine itself gives two workers: the cores come to rest at nearly the same time.
SEGMENTS = 2 * CORES
SIZE = (640, 360)
_FRAMES_A_SECOND = 30
# Measured and predicted cost may differ by this factor before the table says so.
MOST_APART = 2.0


@dataclass(frozen=True)
class Round:
    """Seconds by the wall clock: a cut job and two copies, as whole programs and in their stages of work alone."""

    cut: float
    copies: float
    cut_process: float
    copies_process: float
    cpu_seconds_per_megapixel: float

    @property
    def ratio(self) -> float:
        """Throughput of the cut job by that of the copies."""
        return self.copies / 2 / self.cut

    @property
    def process_ratio(self) -> float:
        """The same without start, probe and merge."""
        return self.copies_process / 2 / self.cut_process


def cost_of_frames(
    console: Console, folder: Path, work: float, rounds: int, algorithms: Mapping[str, FrameAlgorithm]
) -> dict[str, Any]:
    """Measure each algorithm with its first example, on a film that takes about `work` CPU seconds."""
    with on_cores(CORES):
        where = machine()
        with scratch_beside(folder / "frames") as scratch:
            found = {
                name: _one(
                    console, algorithm, drawn(console, folder, _seconds(algorithm, work), SIZE), scratch, rounds
                )
                for name, algorithm in algorithms.items()
            }
    return {"machine": where, "size": SIZE, "segments": SEGMENTS, "by_algorithm": found}


def frame_algorithms() -> dict[str, FrameAlgorithm]:
    """Make those of the registry that work on CPUs, each with its first example."""
    kinds = registry.all_algorithms().items()
    made = {name: kind.from_params(dict(kind.examples[0])) for name, kind in kinds if kind.device == "cpu"}
    return {name: algorithm for name, algorithm in made.items() if isinstance(algorithm, FrameAlgorithm)}


def broken_limits(found: dict[str, Any]) -> bool:
    """Whether an algorithm stays below the least ratio."""
    return any(one["throughput_ratio"] < LEAST_RATIO for one in found["by_algorithm"].values())


def show(console: Console, found: dict[str, Any]) -> None:
    """Print two tables: throughput, and cost."""
    ratios = Table("algorithm", "film", "cut / copies", "rounds", "process alone", caption=found["machine"])
    ratios.title = f"throughput, {found['segments']} segments, {CORES} at a time; at least {LEAST_RATIO}"
    costs = Table("algorithm", "CPU-s a megapixel-frame", "predicted", "", caption=found["machine"])
    costs.title = "cost of an algorithm, beside decoding, moving and encoding"
    for name, one in found["by_algorithm"].items():
        spread = " ".join(f"{round_['ratio']:.3f}" for round_ in one["rounds"])
        film = f"{one['seconds']:g} s"
        ratios.add_row(name, film, f"{one['throughput_ratio']:.3f}", spread, f"{one['process_ratio']:.3f}")
        measured, predicted = one["cpu_seconds_per_megapixel"], one["predicted"]
        costs.add_row(name, f"{measured:.4f}", f"{predicted:.4f}", warning(measured, predicted))
    console.print(ratios)
    console.print(costs)


def warning(measured: float, predicted: float) -> str:
    """Say by how much a prediction is wrong; nothing while it is near enough."""
    if not predicted:
        return "no prediction"
    apart = measured / predicted
    return "" if 1 / MOST_APART <= apart <= MOST_APART else f"{apart:.1f} times the prediction"


def _one(console: Console, algorithm: FrameAlgorithm, film: Path, scratch: Path, rounds: int) -> dict[str, Any]:
    measured = []
    for number in range(rounds):
        measured.append(_round(algorithm, film, scratch, cut_first=number % 2 == 0))
        last = measured[-1]
        said = f"cut {last.cut:.1f} s, two copies {last.copies:.1f} s, ratio {last.ratio:.3f}"
        console.print(f"  {algorithm.name()}, round {number + 1} of {rounds}: {said}")
    return {
        "seconds": float(film.stem.rpartition("-")[2]),
        "throughput_ratio": round(median(one.ratio for one in measured), 4),
        "process_ratio": round(median(one.process_ratio for one in measured), 4),
        "cpu_seconds_per_megapixel": round(median(one.cpu_seconds_per_megapixel for one in measured), 6),
        "predicted": algorithm.cpu_seconds_per_megapixel,
        "rounds": [asdict(one) | {"ratio": round(one.ratio, 4)} for one in measured],
    }


def _round(algorithm: FrameAlgorithm, film: Path, scratch: Path, *, cut_first: bool) -> Round:
    params = algorithm.examples[0]

    def job(output: str, *how: str) -> list[str]:
        return media(algorithm.name(), film, scratch / f"{output}.mp4", params, *how)

    cut = [job("cut", "--segments", f"{SEGMENTS}", "--workers", f"{CORES}")]
    copies = [job(f"copy{number}", "--whole", "--workers", "1") for number in range(CORES)]
    if cut_first:
        of_cut, of_copies = side_by_side(cut), side_by_side(copies)
    else:
        of_copies, of_cut = side_by_side(copies), side_by_side(cut)
    reports = [report["metrics"] for _, report in (*of_cut, *of_copies)]
    working = [one["analyse_wall_seconds"] + one["process_wall_seconds"] for one in reports]
    return Round(
        cut=of_cut[0][0].wall_seconds,
        copies=max(cost.wall_seconds for cost, _ in of_copies),
        cut_process=working[0],
        copies_process=max(working[1:]),
        cpu_seconds_per_megapixel=median(one["algorithm_cpu_seconds_per_megapixel_frame"] for one in reports[1:]),
    )


def _seconds(algorithm: FrameAlgorithm, work: float) -> float:
    """Length of the film, in tens of seconds, that takes about so many CPU seconds by prediction."""
    width, height = algorithm.geometry(*SIZE)
    inside = SIZE[0] * SIZE[1] * algorithm.cpu_seconds_per_megapixel
    encoding = algorithm.rate * width * height * settings_of(algorithm).cpu_seconds_per_megapixel
    seconds = work / ((inside + encoding) / 1e6 * _FRAMES_A_SECOND)
    return max(1.0, min(120.0, round(seconds, -1) if seconds > 15 else round(seconds)))
