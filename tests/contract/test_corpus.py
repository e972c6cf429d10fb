"""Every frame algorithm on real clips of others: cut in five and in one piece, lossless, compared frame by frame."""

from __future__ import annotations

import csv
import math
import os
import re
from pathlib import Path
from typing import Any

import pytest

from media_ops.algorithm import FrameAlgorithm
from media_ops.frames.indexing import build_index
from media_ops.frames.reader import FrameReader
from media_ops.registry import all_algorithms
from tests.conftest import REPOSITORY
from tests.contract.splitting import LEAST_PSNR, planes_of, psnr
from tests.contract.test_jobs import job

CORPUS = Path(os.environ.get("CORPUS", REPOSITORY.parent / "shared" / "corpus"))
NAMES = [name for name, kind in all_algorithms().items() if issubclass(kind, FrameAlgorithm)]
MOST_BYTES, MOST_WIDTH = 4_000_000, 1280


def clips() -> list[Path]:
    """Choose the smallest clip of each pixel format and codec that has 30 to 300 decodable frames."""
    if not (CORPUS / "MANIFEST.tsv").is_file():
        return []
    chosen: dict[tuple[str, str], tuple[int, Path]] = {}
    with (CORPUS / "MANIFEST.tsv").open(newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            frames, size, width = (_number(row[name]) for name in ("frames_decoded", "size", "WxH"))
            if not (30 <= frames <= 300 and size < MOST_BYTES and 64 <= width <= MOST_WIDTH):
                continue
            kind = (row["pix_fmt"], row["vcodec"])
            chosen[kind] = min(chosen.get(kind, (size, CORPUS / row["path"])), (size, CORPUS / row["path"]))
    return [path for _, path in sorted(chosen.values())]


def _number(text: str) -> int:
    """The number that a cell of the manifest begins with, 0 where it has none."""
    found = re.match(r"\d+", text)
    return int(found.group()) if found else 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not clips(), reason=f"{CORPUS} is not there")
@pytest.mark.parametrize("name", NAMES)
def test_cut_in_five_is_what_one_run_gives(name: str, tmp_path: Path) -> None:
    kind: Any = all_algorithms()[name]
    compared, broken = 0, []
    for clip in clips():
        params = dict(kind.examples[0])
        cut = job(name, clip, tmp_path / "cut.mkv", params, segments=5)
        whole = job(name, clip, tmp_path / "whole.mkv", params, whole=True)
        print(f"{name} {clip.name}: {cut.outcome} {(cut.error or {}).get('message', '')[:150]}")
        assert cut.outcome == whole.outcome, (clip, cut.error, whole.error)
        if cut.error:
            if not cut.error.get("rule"):
                broken.append(f"{clip.name}: {cut.error}")
            continue
        assert cut.slicing is not None
        if not cut.slicing.used:
            continue
        compared += 1
        broken += [f"{clip.name}: {said}" for said in differences(tmp_path, kind.exactness)]
    assert broken == []
    assert compared >= 10


def differences(folder: Path, exactness: str) -> list[str]:
    """Compare the two results frame by frame."""
    indexes = [build_index(folder / name) for name in ("cut.mkv", "whole.mkv")]
    if indexes[0].frame_pts.tolist() != indexes[1].frame_pts.tolist():
        return ["the times differ"]
    readers = [
        FrameReader(folder / name, index.rows(0, index.frames))
        for name, index in zip(("cut.mkv", "whole.mkv"), indexes, strict=True)
    ]
    found = []
    for (rank, a), (_, b) in zip(*readers, strict=True):
        likeness = psnr(planes_of(a), planes_of(b))
        if likeness < (math.inf if exactness == "exact" else LEAST_PSNR):
            found.append(f"frame {rank}: {likeness:.1f} dB")
    return found[:3]
