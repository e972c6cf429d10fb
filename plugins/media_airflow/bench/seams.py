"""What joints show beside the same places of a whole-file run: PSNR of the frames around each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from media_ops.errors import MediaError, from_record
from media_ops.model import JobOptions, RunReport

NEAR, AROUND = 3, 12
# The issue's: dB that a frame beside a joint may lie under its neighbours beyond what the whole-file run shows there.
LIMIT_DB = 1.0


@dataclass(frozen=True)
class Seam:
    """One joint: luma PSNR by frames from it (-1 is the last in front of it, 0 the first behind it), of both runs."""

    rank: int
    cut: Mapping[int, float]
    whole: Mapping[int, float]
    scored: float | None

    @property
    def excess(self) -> float:
        """How many dB further than in the whole-file run the worst frame lies under the neighbours on its side.

        The worst of one run is set against the worst of the other, because B-frames fall on other places.
        """
        return _worst(self.cut) - max(0.0, _worst(self.whole))


def seams(
    film: Path, algorithm: str, params: Mapping[str, Any], options: JobOptions, folder: Path, workers: int = 1
) -> list[Seam]:
    """Run a job cut and in one piece, and measure around each joint in both results."""
    cut = _run(film, algorithm, params, options, folder / "cut.mkv", workers)
    _run(film, algorithm, params, JobOptions(whole=True, threads=1), folder / "whole.mkv", workers)
    assert cut.proof is not None
    places = [joint.rank for joint in cut.proof.joints]
    measured = [psnr_around(film, folder / name, places) for name in ("cut.mkv", "whole.mkv")]
    return [
        Seam(joint.rank, cut_there, whole_there, joint.drop_db)
        for joint, cut_there, whole_there in zip(cut.proof.joints, *measured, strict=True)
    ]


def psnr_around(source: Path, result: Path, places: Sequence[int]) -> list[dict[int, float]]:
    """Give the luma PSNR of the 12 frames on both sides of each place in `result`, by frames from the place."""
    from media_ops.encoders.ends import plane_psnr
    from media_ops.frames.indexing import build_index
    from media_ops.frames.reader import FrameReader
    from media_ops.frames.samples import samples

    indexes = [build_index(path) for path in (source, result)]
    frames = indexes[0].frames
    found = []
    for place in places:
        part = range(max(0, place - AROUND), min(frames, place + AROUND))
        readers = [
            FrameReader(path, index.rows(part.start, part.stop))
            for path, index in zip((source, result), indexes, strict=True)
        ]
        there = {}
        for (rank, given), (_, made) in zip(*readers, strict=True):
            peak = (1 << made.format.components[0].bits) - 1
            there[rank - place] = plane_psnr(samples(given, 0), samples(made, 0), peak)
        found.append(there)
    return found


def _worst(around: Mapping[int, float]) -> float:
    return max(_under(around, near) for near in range(-NEAR, NEAR))


def _under(around: Mapping[int, float], near: int) -> float:
    side = [value for place, value in around.items() if (place < 0) == (near < 0) and not -NEAR <= place < NEAR]
    return median(side) - around[near]


def _run(
    film: Path, algorithm: str, params: Mapping[str, Any], options: JobOptions, output: Path, workers: int
) -> RunReport:
    from media_ops.run import run

    report = run(algorithm, [str(film)], str(output), dict(params), options, workers=workers)
    if report.error:
        error: MediaError = from_record(report.error)
        raise error
    return report
