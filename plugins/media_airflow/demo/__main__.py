"""Run the demo: `python -m media_airflow.demo [--input FILE] [--keep] [--s3]`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
import uuid
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console

from media_airflow.costs import run
from media_airflow.demo.api import Run, side_by_side
from media_airflow.demo.bars import follow
from media_airflow.demo.bucket import buckets, fetch, hand_in
from media_airflow.demo.film import drawn
from media_airflow.demo.pair import SECONDS, measure_pair
from media_airflow.demo.report import metrics_of, ratios_of, show
from media_airflow.embedded import AlreadyRunning, EmbeddedAirflow
from media_airflow.embedded.settings import CHECKOUT
from media_ops.errors import MediaError, OurError
from media_ops.storage.publish import clear_leftovers, scratch_beside
from media_ops.storage.roles import Stores
from media_ops.storage.source import locate

FOLDER = CHECKOUT / "build" / "demo"
DAG_ID = "transcode_h264"
PRESET, CRF = "fast", 23
_LONGEST = 24 * 3600.0


def main() -> int:
    """Give the exit code: 0, or whose fault it was (2 the input's, 3 the world's, 4 ours)."""
    parser = argparse.ArgumentParser(prog="make demo", description="Process a film on Airflow and prove the result.")
    parser.add_argument("--input", help="a film of yours instead of the one that is drawn")
    parser.add_argument("--keep", action="store_true", help="leave Airflow up")
    parser.add_argument("--s3", action="store_true", help="work in the buckets of an S3 server, started for it")
    arguments = parser.parse_args()
    if arguments.s3 and arguments.keep:
        parser.error("the S3 server goes with the demo, so that Airflow cannot be kept")
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with buckets(FOLDER / "s3") if arguments.s3 else nullcontext() as stores:
            demo(console, arguments.input, arguments.keep, stores)
    except AlreadyRunning as error:
        console.print(f"make demo: {error}: `make down` first", style="bold red", markup=False)
        return error.exit_code
    except MediaError as error:
        console.print(f"make demo: {error}", style="bold red", markup=False)
        return error.exit_code
    except KeyboardInterrupt:
        console.print("interrupted; everything that was started has been stopped")
        return 130
    return 0


def demo(console: Console, given: str | None, keep: bool, stores: Stores | None) -> None:
    """Do it all; whatever ends it stops what it started, but for an Airflow to keep.

    With `stores`, the film is handed in there, and the result is fetched from there.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    source = Path(locate(given)).resolve() if given else FOLDER / "source.mp4"
    segments = _segments(source) if given else None
    suffix = source.suffix.lower() if source.suffix.lower() in (".mp4", ".mov", ".mkv") else ".mp4"
    output = FOLDER / f"{source.stem}-h264{suffix}"
    airflow = EmbeddedAirflow(
        allowed_roots=[source],
        keep=keep,
        store="s3://" if stores else None,
        report=lambda line: console.print(f"  {line}", markup=False),
    )
    # Airflow's start leaves a core idle, so the film is drawn meanwhile.
    with nullcontext() if given else drawn(console, source) as film, airflow:
        airflow.wait_for_dag(DAG_ID)
        if film:
            film.wait()
        with airflow.client() as client:
            before = airflow.cpu_seconds()
            places = (hand_in(source, stores), f"{stores.result.store}/demo/{output.name}") if stores else None
            job = _triggered(console, client, *(places or (str(source), str(output))), segments)
            report, seconds = _finished(console, job, source, output, places)
            airflow_cpu = airflow.cpu_seconds() - before
        if not keep:
            airflow.stop()  # so that its idling does not blur the measured pair
        _measure(console, report, source, seconds, airflow_cpu)
        if keep:
            console.print(f"\nAirflow stays up: {job.address}", soft_wrap=True)
            console.print(f"  user {airflow.user}, password {airflow.password}; stop it with: make down")


def _segments(source: Path) -> int:
    """Cut even a short film, so that there is something to see; refuse what is no film before Airflow is started."""
    _, found = run([sys.executable, "-m", "media_ops.cli", "probe", str(source), "--json"])
    wanted: int = max(2 * (os.cpu_count() or 1), round(found["duration"] / SECONDS))
    return max(1, min(int(found["frames"]), wanted))


def _triggered(console: Console, client: Any, source: str, output: str, segments: int | None) -> Run:
    conf = {"source": source, "output": output, "preset": PRESET, "crf": CRF, "segments": segments}
    conf["force"] = True  # what is to be seen is the work
    job = Run(client, DAG_ID, str(uuid.uuid4()))
    client.trigger(DAG_ID, conf, run_id=job.run_id)
    console.print(f"Triggered through the REST API: {job.address}", soft_wrap=True)
    return job


def _finished(
    console: Console, job: Run, source: Path, output: Path, far: tuple[str, str] | None
) -> tuple[dict[str, Any], float]:
    """Follow the run; give the report so far and the film's length in seconds."""
    try:
        state = follow(job, console, _LONGEST)
    except KeyboardInterrupt:
        job.client.cancel(job.dag_id, job.run_id, "interrupted by the one who started the demo")
        time.sleep(2)  # its tasks hear of it within 1.2 s and remove what they were writing
        clear_leftovers(output.parent)
        raise
    tasks = job.tasks()
    if state != "success":
        raise job.failure(tasks)
    merged = job.result("merge")
    proof = merged["proof"]
    if far:
        fetch(far[1], output)
        fetched = merged["job"]["bytes_read"] / source.stat().st_size
        console.print(f"From {far[0]} to {far[1]}; {fetched:.2f} times the source's bytes were fetched")
    report = {
        "source": str(source.resolve()),
        "output": str(output),
        "dag_id": job.dag_id,
        "dag_run_id": job.run_id,
        "api": f"{job.client.url}/api/v2",
        "segments": sum(task["task_id"] == "process" for task in tasks),
        "tasks": tasks,
        "proof": proof,
        "metrics": metrics_of(job, tasks, source, proof),
        "ratios": None,
    }
    (FOLDER / "report.json").write_text(json.dumps(report, indent=1))
    console.print(f"The result is ready and proved: {output}")
    if not side_by_side(tasks):
        plan = job.result("cut", "plan")
        raise OurError(f"no two segments ran at the same time: {plan['slicing']['reason'] or 'one worker only'}")
    return report, job.result("probe")["duration"]


def _measure(console: Console, report: dict[str, Any], source: Path, seconds: float, airflow_cpu: float) -> None:
    console.print(f"Now measured beside it, on the first {min(seconds, SECONDS):.0f} s: cut, whole, ffmpeg")
    try:
        with scratch_beside(FOLDER / "pair") as folder, console.status("measuring"):
            pair = measure_pair(source, seconds, PRESET, CRF, folder)
    except MediaError as error:  # the result stands; only the figures beside it are missing
        console.print(f"the pair could not be measured: {error}", style="yellow", markup=False)
        return
    report["ratios"] = ratios_of(pair, report["metrics"], airflow_cpu)
    (FOLDER / "report.json").write_text(json.dumps(report, indent=1))
    show(console, report, pair)


if __name__ == "__main__":
    sys.exit(main())
