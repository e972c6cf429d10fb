"""The report of a film's quality, with a table and a plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops.quality.films import FORMAT, MODEL, SIZE, Found
from media_ops.quality.joints import joint_scores
from media_ops.quality.proved import joints_of
from media_ops.quality.report import QualityReport
from media_ops.quality.scores import Scores
from media_ops.quality.summary import summary, worst
from media_ops.quality.table import write_table

if TYPE_CHECKING:
    from media_ops.algorithm import Measured, Subject


def report_of(
    found: Found, seconds: Sequence[float], joints: Sequence[int], source: str, output: str
) -> QualityReport:
    """Sum up what was found of a whole film, whose frames are shown at these seconds."""
    width, height = map(int, found.told[SIZE].split("x"))
    known = [rank for rank in joints if 0 < rank < len(found.scores)]
    return QualityReport(
        source=source,
        output=output,
        frames=len(found.scores),
        width=width,
        height=height,
        pixel_format=found.told[FORMAT],
        scores={name: summary(name, values) for name, values in found.scores.by_name.items()},
        worst=worst(found.scores, seconds),
        joints=joint_scores(found.scores, known, seconds),
        notes=list(found.notes),
        vmaf_model=found.told.get(MODEL),
    )


def draw(path: Path, scores: Scores, seconds: Sequence[float], report: QualityReport) -> None:
    """Write the plot of a report as a PNG."""
    from media_ops.quality.plot import plot

    names = {"source": Path(report.source).name, "output": Path(report.output).name}
    joints = sorted({joint.rank for joint in report.joints})
    plot(scores, seconds, report.model_copy(update=names), joints).save(path, "PNG")


def write_documents(measured: Measured, subject: Subject, folder: Path, *, table: bool, plot: bool) -> QualityReport:
    """Give the report of a job, and write what is to stand beside it."""
    joints, doubts = joints_of(Path(subject.made))
    found = Found(Scores(dict(measured.rows)), dict(measured.told), (*measured.notes, *doubts))
    seconds = [float(time) for time in subject.times]
    report = report_of(found, seconds, joints, subject.source, subject.made)
    if table:
        write_table(folder / f"{subject.stem}.frames.csv", found.scores, seconds)
    if plot:
        draw(folder / f"{subject.stem}.plot.png", found.scores, seconds, report)
    return report.model_copy(update={"measurement": subject.measurement})
