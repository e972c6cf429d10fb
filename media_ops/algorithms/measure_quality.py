"""How good a film is beside the one that it was made of."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from media_ops.algorithm import AlgorithmParams, InputFile, MeasureAlgorithm, Measured, Need, Subject

if TYPE_CHECKING:
    from media_ops.quality.report import QualityReport


class MeasureQuality(MeasureAlgorithm):
    """Measure how good a film is beside its source: PSNR, SSIM and VMAF of each frame.

    The source is the job's, the film that was made of it a parameter or the second input; both have to show as many
    frames at the same times. The result is a document (`.json`), with a table and a plot beside it:
    [what the figures are](../quality.md).
    """

    version = "1.0.0"
    examples = ({"made": "/films/smaller.mp4"},)
    # 1080 lines: VMAF takes 0.07 s a frame, PSNR and SSIM 0.012, handing over 0.01, decoding both films 0.02.
    cpu_seconds_per_megapixel = 0.055

    class Params(AlgorithmParams):
        made: InputFile = Field(
            min_length=1, title="What was made of it", description="The film to measure, a file of this machine."
        )
        vmaf: bool = Field(
            True, title="VMAF", description="Needs imageio-ffmpeg, and most of the time; off: PSNR and SSIM only."
        )
        table: bool = Field(True, title="Table", description="Write a CSV with a row for each frame, too.")
        plot: bool = Field(True, title="Plot", description="Draw the scores over time, as a PNG, too.")

    def need(self) -> Need:
        """Motion, a part of VMAF, is the difference to the frames before and behind; nothing else looks at them."""
        return Need(before=1, after=1) if self.params.vmaf else Need()

    def check(self) -> None:
        from media_ops.quality.installed import require_vmaf

        if self.params.vmaf:
            require_vmaf()

    def measure(self, pairs: Iterable[tuple[Any, Any]], threads: int) -> Measured:
        from media_ops.quality.films import measure_pairs

        found = measure_pairs(iter(pairs), vmaf=self.params.vmaf, threads=threads)
        return Measured(found.scores.by_name, found.told, found.notes)

    def report(self, measured: Measured, subject: Subject, folder: Path) -> QualityReport:
        from media_ops.quality.documents import write_documents

        return write_documents(measured, subject, folder, table=self.params.table, plot=self.params.plot)
