"""`media run`."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from media_ops.cli.parameters import assignments

if TYPE_CHECKING:
    from media_ops.model import JobOptions, RunReport

Inputs = Annotated[
    list[str], typer.Argument(help="The source, then further files if the algorithm takes any, such as a logo.")
]
Output = Annotated[
    str, typer.Option("--output", "-o", help="The result: .mp4, .mov, .mkv or (AV1) .webm; replaced if it exists.")
]
Params = Annotated[
    list[str] | None, typer.Option("--param", metavar="K=V", help="A parameter; give as many as needed.")
]
Segments = Annotated[int | None, typer.Option(min=1, help="Cut into exactly so many segments.")]
SegmentSeconds = Annotated[float | None, typer.Option(min=0.1, help="Cut into segments of about this length.")]
Whole = Annotated[bool, typer.Option("--whole", help="Do not cut.")]
Workers = Annotated[int | None, typer.Option(min=1, max=1024, help="Segments at a time; as many as CPUs by default.")]
Threads = Annotated[
    int | None,
    typer.Option(
        min=1, max=64, help="Threads of each decoder and encoder; 1 by default, as many as workers if not cut."
    ),
]
Verify = Annotated[
    Literal["joints", "full"], typer.Option(help="Decode the result around each joint, or everywhere, to prove it.")
]
OnDamage = Annotated[
    Literal["strict", "conceal"],
    typer.Option(help="Fail at the first damaged picture, or take what the decoder makes of it and list the places."),
]
Blend = Annotated[
    bool,
    typer.Option("--blend", help="Cut algorithms that cannot be cut exactly, too, and cross-fade their segments."),
]
Slices = Annotated[
    Literal["virtual", "physical"],
    typer.Option(
        help="Let each segment read its part of the source, or cut its bytes out first, for workers without it."
    ),
]
Seams = Annotated[
    Literal["warn", "fail", "off"], typer.Option(help="What to do where a joint shows; `off` does not look.")
]
SeamLimit = Annotated[
    float | None,
    typer.Option(min=0.1, max=100, metavar="DB", help="How far a frame beside a joint may lie under its neighbours."),
]
NoClobber = Annotated[bool, typer.Option("--no-clobber", help="Fail if the output exists.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]

_EXIT_CODES = {"input": 2, "world": 3, "ours": 4}


def command(
    algorithm: Annotated[str, typer.Argument(help="One of `media algorithms`.")],
    inputs: Inputs,
    output: Output,
    param: Params = None,
    segments: Segments = None,
    segment_seconds: SegmentSeconds = None,
    whole: Whole = False,
    workers: Workers = None,
    threads: Threads = None,
    verify: Verify = "joints",
    on_damage: OnDamage = "strict",
    blend: Blend = False,
    slices: Slices = "virtual",
    seams: Seams = "warn",
    seam_limit: SeamLimit = None,
    no_clobber: NoClobber = False,
    as_json: Json = False,
) -> int:
    """Process a video, in segments side by side, into one that is exactly what one long run would have given.

    Encoders differ at the joints, frames do not; `media algorithms` says which algorithms keep less than that.
    """
    if sum((segments is not None, segment_seconds is not None, whole)) > 1:
        raise typer.BadParameter("--segments, --segment-seconds and --whole exclude one another")
    given = assignments(param or [])
    from media_ops.model import SEAM_LIMIT_DB, JobOptions

    options = JobOptions(
        segments=segments,
        segment_seconds=segment_seconds,
        whole=whole,
        verify=verify,
        threads=threads,
        on_damage=on_damage,
        blend=blend,
        slices=slices,
        seams=seams,
        seam_limit_db=SEAM_LIMIT_DB if seam_limit is None else seam_limit,
    )
    report = _run(algorithm, inputs, output, given, options, workers, not no_clobber, as_json)
    if as_json:
        print(json.dumps(report.model_dump(), indent=2))  # escapes even names that are no text
    for warning in report.warnings:
        print(f"media: warning: {warning}", file=sys.stderr)
    if report.error:
        print(f"media: {report.error['message']}", file=sys.stderr)
        return _EXIT_CODES[report.error["fate"]]
    if not as_json:
        _show(report)
    return 0


def _run(
    algorithm: str,
    inputs: list[str],
    output: str,
    given: dict[str, str],
    options: JobOptions,
    workers: int | None,
    replace: bool,
    quiet: bool,
) -> RunReport:
    from media_ops.cli.parameters import typed
    from media_ops.errors import MediaError
    from media_ops.meter import cpu_seconds
    from media_ops.model import RunReport
    from media_ops.run import run
    from media_ops.storage.far import shown

    try:
        params = typed(algorithm, given)
    except MediaError as error:
        named = {"name": algorithm, "version": ""}
        return RunReport(outcome="failed", algorithm=named, inputs=list(map(shown, inputs)), error=error.to_record())
    workers = workers or len(os.sched_getaffinity(0))
    if quiet or not sys.stderr.isatty():
        report = run(algorithm, inputs, output, params, options, workers=workers, replace=replace)
    else:
        from media_ops.cli.bars import Bars

        with Bars() as bars:
            report = run(
                algorithm, inputs, output, params, options, workers=workers, replace=replace, on_event=bars.show
            )
    # This process did nothing but the job: its own start belongs to the cost.
    return report.model_copy(update={"metrics": report.metrics | {"cpu_seconds": round(cpu_seconds(), 3)}})


def _show(report: RunReport) -> None:
    from rich.console import Console
    from rich.table import Table

    proof, slicing, metrics = report.proof, report.slicing, report.metrics
    assert slicing is not None
    table = Table.grid(padding=(0, 2))
    for output in report.outputs:
        table.add_row("output", output)
    if report.manifest:
        table.add_row("manifest", report.manifest)
    table.add_row("segments", str(slicing.segments) + (f" ({slicing.reason})" if slicing.reason else ""))
    if proof is None:  # it measured
        for name, mean in metrics.items():
            if name.startswith("mean_"):
                table.add_row(name.removeprefix("mean_"), f"{mean:.4f} in the mean of {metrics['frames']:.0f} frames")
        table.add_row("cost", f"{metrics['cpu_seconds']:.1f} CPU-s in {metrics['wall_seconds']:.1f} s")
        Console(soft_wrap=True).print(table, markup=False)
        return
    table.add_row("frames", f"{proof.frames_in} in, {proof.frames_out} out, {proof.pts_mismatches} at another time")
    if proof.av_offset_ms is not None:
        table.add_row("sound", f"within {proof.av_offset_ms:.3f} ms of the source's place")
    size = f"{metrics['bytes_in']:,.0f} to {metrics['bytes_out']:,.0f} bytes"
    table.add_row("size", f"{size}, {metrics['compression_ratio']:.3f} of the source's")
    table.add_row("cost", f"{metrics['cpu_seconds']:.1f} CPU-s in {metrics['wall_seconds']:.1f} s")
    Console().print(table, markup=False)
