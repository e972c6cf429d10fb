"""What `media quality` is asked for, and what it gives."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from media_ops.model import Metrics, Noun
from media_ops.requests import Measurement

Name = Literal["psnr_y", "psnr_u", "psnr_v", "psnr", "ssim", "vmaf"]


class QualityRequest(Noun):
    """Measure `b` against its source `a`, frame by frame."""

    a: str
    b: str
    vmaf: bool
    threads: int = Field(1, description="Threads of VMAF's program.")
    joints: list[int] = Field([], description="Frames that are the first behind a joint.")
    plot: str = Field("", description="Path of a PNG to draw.")
    frames: str = Field("", description="Path of a CSV to write, a row for each frame.")


class Summary(Noun):
    """The scores of all frames by one metric; PSNR in dB, at most 100, VMAF from 0 to 100, SSIM up to 1."""

    mean: float
    harmonic_mean: float | None = Field(None, description="Of VMAF, as libvmaf pools: 1 / mean(1 / (x + 1)) - 1.")
    of_mean_error: float | None = Field(None, description="The PSNR of the mean squared error of all frames.")
    percentiles: dict[str, float] = Field(description="By name: min, 1, 5, 25, 50, 75, 95, max.")


class ScoredFrame(Noun):
    """One frame: its rank, when it is shown, its scores."""

    rank: int
    seconds: float
    scores: dict[Name, float]


class JointScore(Noun):
    """How far the frames at a joint lie below their neighbours, by one metric.

    The lowest of the 3 frames of a side, below the mean of the 12 beyond it on that side; the deeper side counts.
    `usual`: 95 % of places without a joint are less deep. `lower`: deeper than usual, and than 1 dB or 2 points.
    """

    rank: int
    seconds: float
    metric: Name
    below: float
    usual: float
    lower: bool


class QualityReport(Noun):
    """How good one film is beside another, whose frames it shows at the same times."""

    source: str
    output: str
    frames: int
    width: int
    height: int
    pixel_format: str = Field(description="In which they were compared.")
    scores: dict[Name, Summary]
    worst: list[ScoredFrame] = Field(description="The lowest by VMAF, or by PSNR of luma; each stands for its place.")
    joints: list[JointScore] = Field([])
    notes: list[str] = Field([])
    vmaf_model: str | None = Field(None, description="The model, and the library that computed it.")
    measurement: Measurement | None = Field(None, description="Of a job: what was measured, and how it was cut.")
    metrics: Metrics = Metrics()
