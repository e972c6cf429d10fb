"""`media cancel`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from media_ops.cli.status import Dag, Job, Json


def command(
    job: Job,
    dag: Dag = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it stands in the job's note.")] = "",
    as_json: Json = False,
) -> int:
    """End a job: its encoders stop, what waits never starts, and what it put into the store goes."""
    from media_ops.cli.store_of_jobs import reader_of_traces
    from media_ops.errors import MediaError
    from media_ops.remote.login import connect
    from media_ops.state.cancelling import cancel_job
    from media_ops.state.clearing import clear_job
    from media_ops.state.find import find_run
    from media_ops.state.place import place

    with connect() as client:
        run = find_run(client, job, dag)
        store, traces = reader_of_traces(run["dag_id"], job)
        said = cancel_job(client, run, reason, traces=traces, report=lambda line: print(line, file=sys.stderr))
    if store is None:
        print("media: warning: the store is out of reach: what the job left there stays", file=sys.stderr)
    elif not said.still_running:
        try:
            said = said.model_copy(update={"deleted": clear_job(store, place(run["dag_id"], job))})
        except MediaError as error:
            print(f"media: warning: what it left in the store was not deleted: {error}", file=sys.stderr)
    if as_json:
        print(said.model_dump_json(indent=2))
    else:
        print(f"cancelled {job} of {said.dag_id}")
        stopped = ", ".join(said.stopped) or "nothing was running"
        print(f"  stopped        {stopped} ({said.seconds:.1f} s)")
        print(f"  never started  {said.never_started} tasks")
        if said.deleted is not None:
            print(f"  deleted        {said.deleted} objects of it; finished segments stay")
    if said.still_running:
        print(f"media: not heard to have ended: {', '.join(said.still_running)}", file=sys.stderr)
        return 3
    return 0
