"""`media trace`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from media_ops.cli.status import Dag, Job, Json

if TYPE_CHECKING:
    from media_ops.state.shown import Shown


def command(
    job: Job,
    dag: Dag = None,
    chrome: Annotated[
        Path | None, typer.Option("--chrome", metavar="FILE", help="Write them for chrome://tracing and Perfetto.")
    ] = None,
    gantt: Annotated[Path | None, typer.Option("--gantt", metavar="FILE.png", help="Draw them.")] = None,
    as_json: Json = False,
) -> None:
    """Show every attempt at a job's events and segments: when, where, how long, at what cost, and what came of it."""
    from media_ops.cli.store_of_jobs import store_of_jobs
    from media_ops.remote.login import connect
    from media_ops.state.fate import standing
    from media_ops.state.find import find_run
    from media_ops.state.place import place
    from media_ops.state.shown import shown
    from media_ops.storage.traces import traces_of

    with connect() as client:
        run = find_run(client, job, dag)
        tasks = client.task_instances(run["dag_id"], job)
    traces = traces_of(store_of_jobs(), place(run["dag_id"], job))
    running = {(one["task_id"], one["map_index"]): one["try_number"] for one in tasks if one["state"] == "running"}
    over = datetime.fromisoformat(run["end_date"]).timestamp() if run["end_date"] else None
    attempts = shown(traces, running, over=over)
    state = standing(run, tasks)
    if chrome:
        from media_ops.state.chrome import chrome_trace

        chrome.write_text(json.dumps(chrome_trace(attempts, job)))
    if gantt:
        from media_ops.state.gantt import gantt as draw

        draw(attempts, job, _summary(run["dag_id"], state, attempts)).save(gantt, "PNG")
    if as_json:
        rows = [one.trace.model_dump(mode="json") | {"shown_as": one.shade} for one in attempts]
        print(json.dumps({"job_id": job, "dag_id": run["dag_id"], "state": state, "attempts": rows}, indent=2))
    else:
        _print(attempts)
        print(_summary(run["dag_id"], state, attempts))


def _summary(dag_id: str, state: str, attempts: Sequence[Shown]) -> str:
    cpu = sum(one.trace.metrics.cpu_seconds for one in attempts)
    words = [dag_id, state, f"{len(attempts)} attempts"]
    for shade in ("failed", "lost", "cancelled", "reused"):
        if count := sum(one.shade == shade for one in attempts):
            words.append(f"{count} {shade}")
    if attempts:
        wall = max(one.until for one in attempts) - min(one.trace.started for one in attempts)
        words += [f"{wall:.1f} s", f"{cpu:.1f} CPU-s"]
    return ", ".join(words)


def _print(attempts: Sequence[Shown]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for name, side in _COLUMNS:
        table.add_column(name, justify="right" if side == ">" else "left", no_wrap=True)
    for one in attempts:
        table.add_row(*(Text(cell) for cell in _cells(one)))
    wide = None if sys.stdout.isatty() else 200
    Console(width=wide, highlight=False).print(table)


_COLUMNS = (
    ("event", "<"), ("segment", ">"), ("try", ">"), ("start (UTC)", "<"), ("seconds", ">"), ("frames", ">"),
    ("CPU s", ">"), ("MB", ">"), ("host", "<"), ("outcome", "<"), ("error", "<"),
)  # fmt: skip


def _cells(one: Shown) -> tuple[str, ...]:
    trace, metrics = one.trace, one.trace.metrics
    moved = metrics.bytes_read + metrics.bytes_written
    return (
        trace.event,
        str(trace.order) if trace.order >= 0 else "",
        f"{trace.attempt}{' copy' if trace.hedge else ''}",
        f"{datetime.fromtimestamp(trace.started, UTC):%F %H:%M:%S}",
        f"{one.seconds:.1f}",
        "" if trace.done is None else f"{trace.done}/{'?' if trace.total is None else trace.total}",
        f"{metrics.cpu_seconds:.2f}" if metrics.cpu_seconds else "",
        f"{moved / 1e6:.1f}" if moved else "",
        trace.host,
        one.shade,
        one.code,
    )
