"""`media quality`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from media_ops.quality.report import QualityReport, QualityRequest

_TITLES = {
    "vmaf": "VMAF",
    "psnr_y": "PSNR Y",
    "psnr_u": "PSNR U",
    "psnr_v": "PSNR V",
    "psnr": "PSNR all",
    "ssim": "SSIM Y",
}


def command(
    source: Annotated[str, typer.Argument(help="The source.")],
    output: Annotated[str, typer.Argument(help="What was made of it.")],
    vmaf: Annotated[
        bool | None, typer.Option("--vmaf/--no-vmaf", help="Measure VMAF; by default where it is installed.")
    ] = None,
    plot: Annotated[str | None, typer.Option(metavar="FILE.png", help="Draw the scores over time.")] = None,
    frames: Annotated[str | None, typer.Option(metavar="FILE.csv", help="Write the scores of each frame.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> int:
    """Measure how good a video is beside its source: PSNR, SSIM and VMAF of each frame, paired by time."""
    from media_ops.storage.source import find_source

    for uri in (source, output):
        find_source(uri)
    asked, notes = _asked(source, output, vmaf, plot, frames)
    report = _measured(asked, quiet=as_json or not sys.stderr.isatty())
    report = report.model_copy(update={"source": source, "output": output, "notes": notes + report.notes})
    if as_json:
        print(report.model_dump_json(indent=2))
    else:
        _show(report)
    return 0


def _asked(
    source: str, output: str, vmaf: bool | None, plot: str | None, frames: str | None
) -> tuple[QualityRequest, list[str]]:
    from media_ops.quality.installed import INSTALL, require_vmaf, vmaf_program
    from media_ops.quality.report import QualityRequest

    notes = []
    if vmaf:
        require_vmaf()
    if vmaf is None and not vmaf_program():
        notes.append(f"VMAF is left out: its program is not installed; this does it: {INSTALL}")
    joints, found = _joints(output)
    asked = QualityRequest(
        a=source,
        b=output,
        vmaf=vmaf_program() is not None if vmaf is None else vmaf,
        threads=len(os.sched_getaffinity(0)),
        joints=joints,
        plot=_writable(plot, ".png", (source, output)),
        frames=_writable(frames, ".csv", (source, output)),
    )
    return asked, notes + found


def _writable(given: str | None, ending: str, films: tuple[str, str]) -> str:
    """Give the absolute path of a file to be written; nothing but a file of that kind is ever replaced."""
    from media_ops.errors import ParamsInvalid

    if given is None:
        return ""
    path = Path(os.path.abspath(given))
    problem = None
    if path.suffix.lower() != ending:
        problem = f"its name must end in {ending}"
    elif not path.parent.is_dir():
        problem = f"there is no folder {str(path.parent)!r}"
    elif path.is_dir():
        problem = "it is a folder"
    elif any(path.exists() and os.path.exists(film) and os.path.samefile(path, film) for film in films):
        problem = "it is one of the two films"
    if problem:
        raise ParamsInvalid(f"{given!r} cannot be written: {problem}")
    return str(path)


def _joints(output: str) -> tuple[list[int], list[str]]:
    """Give the joints of a film of this machine that has a proof, and what speaks against believing it."""
    from media_ops.quality.proved import joints_of
    from media_ops.storage.source import lies_far, locate

    return ([], []) if lies_far(output) else joints_of(Path(locate(output)))


def _measured(asked: QualityRequest, quiet: bool) -> QualityReport:
    from media_ops.worker.attempt import quality_attempt

    attempt = quality_attempt(asked)
    if quiet:
        return attempt.run()
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        line = bars.add_task("measuring", total=None)
        return attempt.run(lambda p: bars.update(line, completed=p.done, total=p.total))


def _show(report: QualityReport) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(soft_wrap=True)
    ends = ["min", "1", "5", "25", "50", "75", "95"]
    table = Table(box=None, padding=(0, 1))
    for head in ("", "mean", *(end if end == "min" else f"{end} %" for end in ends)):
        table.add_column(head, justify="right" if head else "left", no_wrap=True)
    for name, title in _TITLES.items():
        if scored := report.scores.get(name):  # type: ignore[call-overload]
            digits = 4 if name == "ssim" else 2
            figures = [scored.mean, *(scored.percentiles[end] for end in ends)]
            table.add_row(title, *(f"{figure:.{digits}f}" for figure in figures))
    console.print(table, markup=False)
    told = Table.grid(padding=(0, 2))
    size = f"{report.frames} of {report.width}x{report.height}, compared as {report.pixel_format}"
    told.add_row("frames", size + (f"; {report.vmaf_model}" if report.vmaf_model else ""))
    if vmaf := report.scores.get("vmaf"):
        told.add_row("VMAF", f"{vmaf.harmonic_mean:.2f} harmonic mean")
    whole = report.scores["psnr"].of_mean_error
    told.add_row("PSNR all", f"{whole:.2f} dB of the mean squared error of all frames")
    for frame in report.worst:
        scores = [f"{_TITLES[name]} {frame.scores[name]:.2f}" for name in ("vmaf", "psnr_y") if name in frame.scores]
        told.add_row("low", f"frame {frame.rank} at {frame.seconds:.3f} s: {', '.join(scores)}")
    for joint in report.joints:
        verdict = "LOWER than its neighbours" if joint.lower else "not lower"
        unit = "points" if joint.metric == "vmaf" else "dB"
        depth = f"{_TITLES[joint.metric]} {joint.below:.2f} {unit} below its neighbours, {joint.usual:.2f} are usual"
        told.add_row("joint", f"frame {joint.rank} at {joint.seconds:.3f} s: {verdict} ({depth})")
    for note in report.notes:
        told.add_row("note", note)
    console.print(told, markup=False)
