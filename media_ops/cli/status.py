"""`media status`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from media_ops.state.job import JobState, SegmentState

EVERY = 1.0  # seconds between two looks
_MOST = 20  # segments that are shown one by one

Job = Annotated[str, typer.Argument(metavar="JOB", help="The job's id: the id of its DAG run.")]
Dag = Annotated[str | None, typer.Option("--dag", help="The job's DAG, where several have one of that id.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def command(
    job: Job,
    dag: Dag = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until the job has ended.")] = False,
    as_json: Json = False,
) -> int:
    """Show how a job stands: its events and segments, frames done, and why it failed if it did.

    Exit code: 0 while it runs and if it succeeded, by its error if it failed, 3 if it was cancelled.
    """
    from media_ops.cli.store_of_jobs import reader_of_traces
    from media_ops.errors import from_record
    from media_ops.remote.login import connect
    from media_ops.state.find import find_run
    from media_ops.state.reading import JobReader

    with connect() as client:
        run = find_run(client, job, dag)
        reader = JobReader(client, run["dag_id"], job)
        _, traces = reader_of_traces(run["dag_id"], job)

        def read() -> JobState:
            return reader.read(traces() if traces else None)

        state = _followed(read, quiet=as_json) if follow else read()
    if as_json:
        print(json.dumps(state.model_dump() | {"percent": state.percent}, indent=2))
    elif not (follow and sys.stdout.isatty()):
        _print(state)
    if state.state == "cancelled":
        return 3
    return from_record(state.error).exit_code if state.error else 0


def _followed(read: Callable[[], JobState], *, quiet: bool) -> JobState:
    """Look until the job has ended: a table on a terminal, else a line for each change."""
    from media_ops.remote.client import ApiUnavailable

    def look(last: JobState | None) -> JobState:
        try:
            return read()
        except ApiUnavailable:  # an API server that restarts is waited for, once there was an answer
            if last is None:
                raise
            return last

    if not quiet and sys.stdout.isatty():
        from rich.live import Live

        state = look(None)
        with Live(_table(state), auto_refresh=False, transient=False) as live:
            while not state.is_over:
                time.sleep(EVERY)
                state = look(state)
                live.update(_table(state), refresh=True)
        return state
    said, state = "", look(None)
    while True:
        if not quiet and (line := _line(state)) != said:
            print(said := line, flush=True)
        if state.is_over:
            return state
        time.sleep(EVERY)
        state = look(state)


def _line(state: JobState) -> str:
    at_work = [event.event for event in state.events if event.state in ("running", "retrying")]
    return "  ".join(filter(None, (state.state, _frames(state), ", ".join(at_work))))


def _frames(state: JobState) -> str:
    if state.total is None:
        return "frames unknown" if not state.is_over else ""
    share = f" ({state.percent:.1f} %)" if state.percent is not None else ""
    return f"{state.done or 0} of {state.total} frames{share}"


def _print(state: JobState) -> None:
    from rich.console import Console

    wide = None if sys.stdout.isatty() else 200
    Console(width=wide, highlight=False, markup=False).print(_table(state))


def _table(state: JobState) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))

    def add(*cells: str, style: str = "") -> None:
        table.add_row(*(Text(cell) for cell in cells), style=style)

    add(state.job_id, state.state, _frames(state), f"of {state.dag_id}", style="bold")
    for event in state.events:
        try_ = f"try {event.attempt}" if event.attempt > 1 and not event.segments else ""
        add(f"  {event.event}", event.state, _counted(event.done, event.total), try_)
        for segment in _worth_a_line(event.segments):
            again = f"try {segment.attempt}" if segment.attempt > 1 else ""
            where = f"    {segment.order}  {segment.label}"
            add(where, segment.state, _counted(segment.done, segment.total), again, style="dim")
        if event.segments and (hidden := len(event.segments) - len(_worth_a_line(event.segments))):
            add(f"    and {hidden} that are waiting or done", style="dim")
    if state.note:
        add("  note", state.note)
    if state.output:
        add("  output", state.output)
    if state.error:
        add("  why", f"{state.error['code']}: {state.error['message']}")
    return table


def _worth_a_line(segments: list[SegmentState]) -> list[SegmentState]:
    if len(segments) <= _MOST:
        return segments
    return [segment for segment in segments if segment.state not in ("waiting", "succeeded", "skipped")][:_MOST]


def _counted(done: int | None, total: int | None) -> str:
    if done is None and total is None:
        return ""
    return f"{'?' if done is None else done} of {'?' if total is None else total}"
