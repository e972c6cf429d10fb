"""Scores as a table: a row for each frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from media_ops.pulse import beat
from media_ops.quality.scores import Scores


def write_table(path: Path, scores: Scores, seconds: Sequence[float]) -> None:
    """Write a CSV: number of the frame, seconds, then each score."""
    names = list(scores.by_name)
    with path.open("w", newline="") as file:
        file.write(",".join(["frame", "seconds", *names]) + "\n")
        columns = [scores.by_name[name].tolist() for name in names]
        for rank, row in enumerate(zip(*columns, strict=True)):
            file.write(",".join([str(rank), f"{seconds[rank]:.6f}", *(f"{value:.6f}" for value in row)]) + "\n")
            beat()
