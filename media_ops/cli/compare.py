"""`media compare`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from media_ops.compare import Comparison

DIFFERENT = 1


def command(
    a: Annotated[str, typer.Argument(help="The source.")],
    b: Annotated[str, typer.Argument(help="What was made of it.")],
    min_psnr: Annotated[float, typer.Option(help="The least mean PSNR in dB.")] = 25.0,
    exact: Annotated[bool, typer.Option("--exact", help="Every decoded frame must be identical.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> int:
    """Compare two videos frame by frame: count, times, places, colour tags, sound, quality. Exit 1 if they differ."""
    from media_ops.compare import CompareRequest
    from media_ops.storage.source import find_source
    from media_ops.worker.attempt import compare_attempt

    for uri in (a, b):
        find_source(uri)
    attempt = compare_attempt(CompareRequest(a=a, b=b, min_psnr=min_psnr, exact=exact))
    if as_json or not sys.stderr.isatty():
        result = attempt.run()
    else:
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bars:
            line = bars.add_task("comparing")
            result = attempt.run(lambda p: bars.update(line, completed=p.done, total=p.total))
    if as_json:
        print(result.model_dump_json(indent=2))
    else:
        _show(result)
    return DIFFERENT if result.differences else 0


def _show(result: Comparison) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_row("frames", f"{result.frames_a} and {result.frames_b}")
    table.add_row("at another time", str(result.pts_mismatches))
    table.add_row("at another place", str(result.misplaced_frames))
    table.add_row("sound offset", "no sound" if result.av_offset_ms is None else f"{result.av_offset_ms:.3f} ms")
    table.add_row("identical frames", str(result.identical_frames))
    table.add_row("mean PSNR", "-" if result.mean_psnr is None else f"{result.mean_psnr:.2f} dB")
    for note in result.notes:
        table.add_row("note", note)
    for difference in result.differences:
        table.add_row("DIFFERENT", difference)
    if not result.differences:
        table.add_row("verdict", "the files agree")
    Console(soft_wrap=True).print(table, markup=False)
