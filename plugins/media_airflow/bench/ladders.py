"""What a ladder costs beside separate jobs for each of its renditions: CPU of whole processes, one thread each.

Both ways make the same files, which is looked at too. They alternate in one run: only the ratio means anything.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from media_airflow.bench.films import drawn
from media_airflow.bench.machine import machine
from media_airflow.costs import media, run
from media_ops.storage.publish import scratch_beside

SIZE = (1920, 1080)
HEIGHTS = (1080, 720, 480, 360)
COMMON: dict[str, object] = {"key_seconds": 2.0}
SEGMENT_SECONDS = 30
LIMITS = {"cpu_ladder_over_separate": 0.9}


def ladders(
    console: Console,
    folder: Path,
    seconds: float,
    rounds: int,
    *,
    size: tuple[int, int] = SIZE,
    preset: str = "medium",
) -> dict[str, Any]:
    """Measure on so many seconds of film; heights are scaled with its size."""
    where, film = machine(), drawn(console, folder, seconds, size)
    wanted = [{"height": 2 * (height * size[1] // (2 * SIZE[1])), "preset": preset} for height in HEIGHTS]
    how = ["--segments", str(max(1, round(seconds / SEGMENT_SECONDS))), "--workers", "1"]
    costs: list[dict[str, float]] = []
    with scratch_beside(folder / "ladders") as scratch:
        for number in range(rounds):
            ways = {"ladder": _ladder, "separate": _separate}
            names = list(ways)[:: -1 if number % 2 else 1]
            made = {name: ways[name](film, scratch, wanted, how) for name in names}
            if made["ladder"][1] != made["separate"][1]:
                raise AssertionError("a ladder and separate jobs made different files")
            costs.append({name: cost for name, (cost, _) in made.items()})
            said = ", ".join(f"{name} {cost:.1f}" for name, cost in costs[-1].items())
            console.print(f"  ladder, round {number + 1} of {rounds}, CPU-s: {said}")
    return {
        "cpu_ladder_over_separate": round(median(cost["ladder"] / cost["separate"] for cost in costs), 4),
        "heights": [one["height"] for one in wanted],
        "preset": preset,
        "seconds": seconds,
        "machine": where,
        "costs": costs,
    }


def broken_limits(found: dict[str, Any]) -> bool:
    """Whether a ladder costs more than it may."""
    return any(found[name] > limit for name, limit in LIMITS.items())


def show(console: Console, found: dict[str, Any]) -> None:
    """Print the table."""
    heights = ", ".join(map(str, found["heights"]))
    table = Table("ratio", "measured", "limit", title=f"{found['seconds']:g} s to {heights} lines, {found['preset']}")
    table.caption = found["machine"]
    for name, limit in LIMITS.items():
        table.add_row(name, f"{found[name]}", f"{limit}")
    console.print(table)


Made = tuple[float, list[str]]


def _ladder(film: Path, scratch: Path, wanted: list[dict[str, Any]], how: list[str]) -> Made:
    """Give CPU seconds, and the digests of the files."""
    output = scratch / "ladder.mp4"
    cost, report = run(media("ladder", film, output, COMMON | {"renditions": wanted}, *how))
    return cost.cpu_seconds, [_digest(Path(made)) for made in report["outputs"]]


def _separate(film: Path, scratch: Path, wanted: list[dict[str, Any]], how: list[str]) -> Made:
    total, digests = 0.0, []
    for one in wanted:
        output = scratch / f"separate-{one['height']}.mp4"
        cost, _ = run(media("transcode_h264", film, output, COMMON | one, *how))
        total += cost.cpu_seconds
        digests.append(_digest(output))
    return total, digests


def _digest(path: Path) -> str:
    from media_ops.storage.passing import sha256_of

    with path.open("rb") as file:
        return sha256_of(file)
