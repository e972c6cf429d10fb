"""Damaged files: no crash of the tool, no hang, bounded memory, and never a success that compare refutes.

A decoder that crashes takes its child along, no more: that is the error `child_died`, and it is listed.
`make fuzz N=2000 SEED=1` tries more; a file that breaks a promise is kept, and its seed is named.
"""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.fuzz.mutation import mutated
from tests.fuzz.trial import tried

Clip = Callable[[str], Path]

# fmt: off
CLIPS = [
    "tiny.mp4", "small.mp4", "trimmed.mp4", "small_fragments.mp4", "two_edits.mp4", "deep.mp4", "cra.mp4",
    "hdr10.mp4", "av1.mp4", "prores.mov", "alpha_prores.mov", "several.mkv", "hour.mkv", "rgb_h264.mkv",
    "odd_420.mkv", "small_vp9.webm", "altref.webm", "small.ts", "open.ts", "open_mpeg2.ts", "forward.ts",
    "fields.ts", "small.avi", "h264_b.avi", "mjpeg.avi", "tiny.gif", "moving.apng", "clip.flv", "clip.wmv",
    "clip.mpg", "clip.mxf", "theora.ogv",
]
# fmt: on
CORPUS = Path(os.environ.get("CORPUS", REPOSITORY.parent / "shared" / "corpus"))
KEPT = REPOSITORY / "build" / "fuzz"
N = int(os.environ.get("N", "2000"))
SEED = int(os.environ.get("SEED", "1"))
# JPEG pictures filled up from others, a guessed first picture, sound without a codec, sound hours ahead, a lost first
# picture of an animation, sound that is repeated, errors that several threads turn into nothing.
ONCE_WRONG = (88, 221, 225, 280, 404, 698, 1243, 1284, 1403, 1647, 1655)
BAD_CLASSES = ("corrupt/undecodable", "image-corrupt", "edge-undecodable")


def test_a_few_damaged_files(clip: Clip, tmp_path: Path) -> None:
    judge(damaged(clip, tmp_path, range(0, 50, 5)), tmp_path)


@pytest.mark.slow
def test_some_more_damaged_files(clip: Clip, tmp_path: Path) -> None:
    judge(damaged(clip, tmp_path, range(50)), tmp_path)


def test_files_that_once_broke_a_promise(clip: Clip, tmp_path: Path) -> None:
    judge(damaged(clip, tmp_path, ONCE_WRONG), tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(6 * 3600)
def test_many_damaged_files(clip: Clip, tmp_path: Path) -> None:
    judge(damaged(clip, tmp_path, range(SEED, SEED + N)), tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"{CORPUS} is not there")
def test_damaged_files_of_others(tmp_path: Path) -> None:
    with (CORPUS / "MANIFEST.tsv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["class"] in BAD_CLASSES]
    assert len(rows) == 64
    judge(((row["path"], CORPUS / row["path"]) for row in rows), tmp_path)


def test_the_same_seed_damages_alike_and_differently_from_others() -> None:
    data = bytes(range(256)) * 40
    assert [mutated(data, seed) for seed in range(50)] == [mutated(data, seed) for seed in range(50)]
    assert len({mutated(data, seed)[0] for seed in range(50)}) > 45
    assert all(mutated(data, seed)[0] != data for seed in range(50))


def damaged(clip: Clip, folder: Path, seeds: Iterable[int]) -> Iterator[tuple[str, Path]]:
    for seed in seeds:
        original = clip(CLIPS[seed % len(CLIPS)])
        data, what = mutated(original.read_bytes(), seed)
        path = folder / f"{seed}-{original.name}"
        path.write_bytes(data)
        yield f"SEED={seed} {original.name} ({what})", path
        path.unlink()


def judge(files: Iterator[tuple[str, Path]], folder: Path) -> None:
    """Try each file, keep those that break a promise, and fail with all of them at the end."""
    broken, counts = [], Counter[str]()
    scratch = Path(tempfile.mkdtemp(dir=folder))
    for number, (name, path) in enumerate(files):
        verdict = tried(path, scratch / str(number))
        if verdict.outcome == "hung":  # or this process was forked at a bad moment: once more, from a fresh start
            verdict = tried(path, scratch / f"{number}-again", warm=False)
        counts[verdict.outcome] += 1
        if verdict.outcome == "child_died":
            warnings.warn(f"{name}: {verdict.message}", stacklevel=1)
        if verdict.violation:
            broken.append(f"{name}: {verdict.violation}")
            print(broken[-1], flush=True)
            keep(path)
    print(dict(counts))
    assert not broken, f"{len(broken)} broken promises, files kept in {KEPT}:\n" + "\n".join(broken)


def keep(path: Path) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, KEPT / path.name)
