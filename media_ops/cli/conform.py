"""`media conform`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from media_ops.cli.parameters import assignments

if TYPE_CHECKING:
    from media_ops.conform.row import Finding

WRONG = 4

Segments = Annotated[int, typer.Option(min=1, max=1000, help="Segments a file is cut into.")]
Workers = Annotated[int | None, typer.Option(min=1, max=1024, help="Files at a time; as many as CPUs by default.")]
Keep = Annotated[Path | None, typer.Option(metavar="DIR", help="Leave the outputs there.")]
Full = Annotated[
    bool, typer.Option("--full", help="Try all of files above 2,000 megapixel-frames, not their first 600 frames.")
]
Timeout = Annotated[float, typer.Option(min=1, help="Seconds for a file; larger ones get more in proportion.")]
StateFile = Annotated[
    Path | None,
    typer.Option("--state", metavar="FILE", help="Remember findings there, also when the run has come to its end."),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Forget what an interrupted run has found.")]
Report = Annotated[Path | None, typer.Option(metavar="FILE.md", help="Write a page about it.")]


def command(
    folder: Annotated[Path, typer.Argument(help="Every file below it is tried.")],
    algorithm: Annotated[str, typer.Option(help="One of `media algorithms`.")] = "transcode_h264",
    param: Annotated[list[str] | None, typer.Option("--param", metavar="K=V", help="A parameter of it.")] = None,
    segments: Segments = 5,
    workers: Workers = None,
    keep: Keep = None,
    full: Full = False,
    timeout: Timeout = 120,
    state: StateFile = None,
    fresh: Fresh = False,
    report: Report = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> int:
    """Process every file below a folder in segments and compare each with a whole decode; exit 4 if any is wrong.

    sliced: exact, in segments. truncated: the same, of the first 600 frames. whole: exact, and slicing was declined
    for the reason given. refused: nothing sensible can be made of it. skipped: no moving picture.
    wrong: anything else, a time-out or a crash included.
    """
    from media_ops.cli.parameters import typed
    from media_ops.conform.kit import Kit
    from media_ops.conform.page import page
    from media_ops.conform.row import count, document
    from media_ops.conform.state import State, default_place
    from media_ops.conform.walk import files_below
    from media_ops.conform.wish import Wish, fastest
    from media_ops.errors import ParamsInvalid
    from media_ops.registry import get

    keep = keep.absolute() if keep else None
    params = fastest(algorithm, typed(algorithm, assignments(param or [])))
    get(algorithm).from_params(params)
    for place in (keep.parent if keep else None, report.absolute().parent if report else None):
        if place and not (place.is_dir() and os.access(place, os.W_OK)):
            raise ParamsInvalid(f"there is no folder {str(place)!r} that can be written to")
    wish = Wish(
        algorithm=algorithm,
        params=params,
        segments=segments,
        timeout=timeout,
        full=full,
        keep=str(keep) if keep else None,
    )
    files = files_below(folder, keep)
    place = state or default_place(folder, keep)
    with State(place, wish, fresh=fresh) as memory, _progress(len(files), quiet=as_json) as (begun, found):
        kit = Kit(folder, files, wish, memory, workers or len(os.sched_getaffinity(0)))
        findings = kit.work(found, begun)
        if state is None:
            memory.forget()
    if report:
        report.write_text(page(findings, wish))
    if as_json:
        print(json.dumps(document(findings), indent=2))
    else:
        _show(findings)
    return WRONG if count(finding.row for finding in findings)["wrong"] else 0


Callbacks = tuple[Callable[[str], None], Callable[["Finding", bool], None]]


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callbacks]:
    """Bars on a terminal, else a line a file; both on stderr."""
    if not sys.stderr.isatty():
        yield _lines(total)
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        line = bars.add_task("files", total=total)

        def begun(name: str) -> None:
            bars.update(line, description=escape(_printable(name)[-50:]))

        def found(finding: Finding, known: bool) -> None:
            if finding.row.outcome == "wrong" and not quiet:
                bars.console.print(f"wrong: {_printable(finding.row.path)}: {finding.row.reason}", markup=False)
            bars.advance(line)

        yield begun, found


def _lines(total: int) -> Callbacks:
    done = 0

    def found(finding: Finding, known: bool) -> None:
        nonlocal done
        done += 1
        row = finding.row
        told = f": {row.reason}" if row.reason else ""
        again = " (from the run before)" if known else ""
        print(f"{done}/{total} {row.outcome} {_printable(row.path)}{again}{told}", file=sys.stderr, flush=True)

    return lambda name: None, found


def _show(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table

    from media_ops.conform.row import count

    table = Table("outcome", "segments", "frames", "file", "why", box=None, header_style="bold")
    for finding in findings:
        row = finding.row
        numbers = ("" if number is None else str(number) for number in (row.segments, row.frames))
        table.add_row(row.outcome, *numbers, _printable(row.path), row.reason or "")
    console = Console(soft_wrap=not sys.stdout.isatty())
    if not sys.stdout.isatty():
        console.width = 1000  # rows are not broken for a program
    console.print(table, markup=False)
    counts = count(finding.row for finding in findings)
    console.print(", ".join(f"{number} {outcome}" for outcome, number in counts.items()), markup=False)


def _printable(name: str) -> str:
    return name.encode("utf-8", "replace").decode()
