"""Films and what was made of them, and what programs that share nothing with us say of the two."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from media_ops.measure import measure_films
from media_ops.quality.report import QualityReport, QualityRequest

Film = Callable[..., Path]
Columns = dict[str, NDArray[np.float64]]


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Make a film of a name with the ffmpeg program's arguments, once."""
    folder = tmp_path_factory.mktemp("films")

    def make(name: str, *arguments: str | Path) -> Path:
        path = folder / name
        if not path.exists():
            command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "1", *map(str, arguments), str(path)]
            subprocess.run(command, check=True, timeout=60)
        return path

    return make


def by_filters(source: Path, output: Path) -> Columns:
    """Give PSNR and SSIM of each frame as the system's ffmpeg says; it pairs frames by time."""
    graph = "[0:v]split[a][b];[1:v]split[r][s];[a][r]psnr[p];[b][s]ssim,metadata=print:file=-[q]"
    graph = graph.replace("psnr[p]", "psnr,metadata=print:file=-[p]")
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(output), "-i", str(source), "-lavfi", graph]
    command += ["-map", "[p]", "-f", "null", "-", "-map", "[q]", "-f", "null", "-"]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    found: dict[str, list[float]] = {}
    for name, value in re.findall(r"lavfi\.(psnr\.psnr\.\w+|psnr\.psnr_avg|ssim\.Y)=(\S+)", said):
        found.setdefault(name, []).append(float(value))
    names = {"psnr.psnr.y": "psnr_y", "psnr.psnr.u": "psnr_u", "psnr.psnr.v": "psnr_v", "psnr.psnr_avg": "psnr"}
    return {ours: np.array(found[theirs]) for theirs, ours in (names | {"ssim.Y": "ssim"}).items()}


def quality(source: Path, output: Path, *, vmaf: bool = False) -> QualityReport:
    """Measure in this process."""
    return measure_films(QualityRequest(a=str(source), b=str(output), vmaf=vmaf), lambda done, total: None)


def per_frame(source: Path, output: Path, folder: Path, *, vmaf: bool = False) -> tuple[QualityReport, Columns]:
    """Measure in this process, and read the table of all frames."""
    table = folder / "frames.csv"
    request = QualityRequest(a=str(source), b=str(output), vmaf=vmaf, frames=str(table))
    report = measure_films(request, lambda done, total: None)
    head, *rows = table.read_text().splitlines()
    columns = np.array([[float(value) for value in row.split(",")] for row in rows]).T
    return report, dict(zip(head.split(","), columns, strict=True))
