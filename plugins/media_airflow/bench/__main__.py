"""Measure and print: `python -m media_airflow.bench` writes `build/bench.json`, with what this run measured."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from typing import Any

from rich.console import Console

from media_airflow.bench import cost_of_frames, ladders, moving, quality, slicing
from media_airflow.bench.quality import page
from media_airflow.embedded.settings import CHECKOUT
from media_ops.errors import MediaError

FOLDER = CHECKOUT / "build" / "bench"
PARTS = {
    "slicing": slicing,
    "algorithms": cost_of_frames,
    "moving": moving,
    "ladders": ladders,
    "quality": quality,
}


def main() -> int:
    """Give the exit code: 0, 1 when a limit is broken, else whose fault it was."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.partition(":")[0] if __doc__ else "")
    parser.add_argument("--only", choices=PARTS, help="measure this part alone")
    parser.add_argument("--seconds", type=float, default=180, help="slicing: length of the film (default: 180)")
    parser.add_argument("--rounds", type=int, default=3, help="pairs of each measurement (default: 3)")
    parser.add_argument("--without-airflow", action="store_true", help="slicing: leave out the run on Airflow")
    parser.add_argument(
        "--work", type=float, default=25, help="algorithms: CPU seconds of one job on the whole film (default: 25)"
    )
    arguments = parser.parse_args()
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        found = _measured(console, arguments)
    except MediaError as error:
        console.print(f"make bench: {error}", style="bold red", markup=False)
        return error.exit_code
    except KeyboardInterrupt:
        console.print("interrupted; everything that was started has been stopped")
        return 130
    if "quality" in found:
        page.write(found["quality"], CHECKOUT / "docs" / "performance.md")
    flat = found.pop("slicing", {})  # the demo's keys
    (CHECKOUT / "build" / "bench.json").write_text(json.dumps(flat | found, indent=1))
    found |= {"slicing": flat} if flat else {}
    for name in found:
        PARTS[name].show(console, found[name])
    return int(any(PARTS[name].broken_limits(one) for name, one in found.items()))


def _measured(console: Console, arguments: argparse.Namespace) -> dict[str, Any]:
    measure = {
        "slicing": lambda: slicing.slicing(
            console, FOLDER, arguments.seconds, arguments.rounds, not arguments.without_airflow
        ),
        "algorithms": lambda: cost_of_frames.cost_of_frames(
            console, FOLDER, arguments.work, arguments.rounds, cost_of_frames.frame_algorithms()
        ),
        "moving": lambda: moving.moving(console, FOLDER, seconds=2),
        "ladders": lambda: ladders.ladders(console, FOLDER, 20, arguments.rounds),
        "quality": lambda: quality.quality(console, FOLDER),
    }
    # `quality` takes as long as all others together: it is measured where it is asked for.
    return {
        name: measure[name]() for name in PARTS if name == arguments.only or not (arguments.only or name == "quality")
    }


if __name__ == "__main__":
    sys.exit(main())
