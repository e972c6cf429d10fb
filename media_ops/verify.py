"""Verb: prove a result before anybody sees it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from media_ops.errors import NotMedia, NoVideo, ProofFailed
from media_ops.model import JointProof
from media_ops.planning.windows import JOINT_WINDOW, windows
from media_ops.pulse import beat

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from media_ops.encoders.formats import Target
    from media_ops.frames.index import Facts, FrameIndex
    from media_ops.frames.matching import FrameMatcher

AV_LIMIT_MS = 1.0


@dataclass(frozen=True)
class Expectation:
    """What the result must show: the source's index, the encoder's target and every frame's signature by rank.

    `digests` are those of all the source's frames, in a lossless job: then every frame is decoded and must be equal.
    """

    index: FrameIndex
    target: Target
    cells: NDArray[np.uint16]
    shift: Fraction
    joints: Sequence[JointProof]
    lossless: bool
    digests: Sequence[bytes] = ()


@dataclass(frozen=True)
class Evidence:
    """What was found to hold."""

    frames: int
    resolution: Fraction
    pts_digest: str
    frames_compared: int
    joints: list[JointProof]
    facts: Facts
    output_pts_digest: str
    compared: list[range]
    picture_distance: float | None
    lossless_digest: str | None


def verify(
    result: Path,
    expected: Expectation,
    mode: Literal["joints", "full"],
    *,
    threads: int,
    on_progress: Callable[[int, int], None],
) -> Evidence:
    """Read every packet of `result`, decode around each joint (or everything), or raise `ProofFailed`."""
    from media_ops.frames.fingerprint import digest_of
    from media_ops.frames.indexing import build_index

    try:
        made = build_index(result)
    except (NotMedia, NoVideo) as error:
        raise ProofFailed(f"the result cannot be read back: {error}") from error
    _check_times(made, expected)
    _check_tags(made, expected)
    ranges = _ranges(made, expected, mode)
    seen = _check_pictures(result, made, expected, ranges, threads, on_progress)
    joints = [
        joint.model_copy(update={"frames_compared": sum(abs(r - joint.rank) <= JOINT_WINDOW for r in seen.ranks)})
        for joint in expected.joints
    ]
    return Evidence(
        frames=made.frames,
        resolution=made.facts.time_base,
        pts_digest=times_digest(expected_times(expected, expected.index.facts.time_base)),
        frames_compared=seen.compared,
        joints=joints,
        facts=made.facts,
        output_pts_digest=times_digest(pts * made.facts.time_base for pts in made.frame_pts.tolist()),
        compared=ranges,
        picture_distance=seen.farthest,
        lossless_digest=digest_of(expected.digests) if expected.digests else None,
    )


def expected_times(expected: Expectation, clock: Fraction) -> Iterator[Fraction]:
    """Presentation times in seconds that the result must have, on the result's own clock.

    MP4 and MOV keep the source's clock. Matroska counts milliseconds: there, and only there, times are rounded,
    half away from zero, as its muxer does.
    """
    return result_times(expected.index, expected.shift, clock)


def result_times(source: FrameIndex, shift: Fraction, clock: Fraction) -> Iterator[Fraction]:
    """Give the times as `expected_times` does, from the source's index and what was added to all streams."""
    time_base = source.facts.time_base
    for pts in source.frame_pts.tolist():
        beat()
        exact = pts * time_base + shift
        yield exact if clock != Fraction(1, 1000) else _rounded(exact, clock)


def _rounded(time: Fraction, clock: Fraction) -> Fraction:
    ticks = int(abs(time) / clock + Fraction(1, 2))
    return (ticks if time >= 0 else -ticks) * clock


def _check_times(made: FrameIndex, expected: Expectation) -> None:
    if made.frames != expected.index.frames:
        raise ProofFailed(f"the result has {made.frames} frames, the source {expected.index.frames}")
    clock = made.facts.time_base
    for rank, (found, wanted) in enumerate(
        zip(made.frame_pts.tolist(), expected_times(expected, clock), strict=True)
    ):
        if found * clock != wanted:
            raise ProofFailed(f"frame {rank} stands at {float(found * clock):.6f} s instead of {float(wanted):.6f} s")


def _check_tags(made: FrameIndex, expected: Expectation) -> None:
    facts, target = made.facts, expected.target
    source = expected.index.facts
    pairs = {
        "picture size": ((facts.width, facts.height), (target.width, target.height)),
        "pixel format": (_decoded_as(facts.pixel_format), _decoded_as(target.pixel_format)),
        "colour primaries, transfer and matrix": (facts.colour[:3], target.colour[:3]),
        "sample aspect ratio": (facts.sample_aspect_ratio or 1, source.sample_aspect_ratio or 1),
    }
    for what, (found, wanted) in pairs.items():
        if found != wanted:
            raise ProofFailed(f"{what} became {found} instead of {wanted}")
    # A stream that says nothing of its range is limited; decoders report either.
    if (facts.colour[3] == 2) != (target.colour[3] == 2):
        raise ProofFailed(f"colour range became {facts.colour[3]} instead of {target.colour[3]}")


def _decoded_as(pixel_format: str) -> str:
    """Format in which decoders give it: range is a tag of its own, H.264 without chroma comes out with a flat one."""
    return pixel_format.replace("yuvj", "yuv").replace("gray10", "yuv420p10").replace("gray", "yuv420p")


def _ranges(made: FrameIndex, expected: Expectation, mode: Literal["joints", "full"]) -> list[range]:
    if mode == "full" or expected.digests:
        return [range(made.frames)]
    return windows(made.frames, [joint.rank for joint in expected.joints], made.entry_ranks().tolist())


def _check_pictures(
    result: Path,
    made: FrameIndex,
    expected: Expectation,
    ranges: Sequence[range],
    threads: int,
    on_progress: Callable[[int, int], None],
) -> FrameMatcher:
    from media_ops.frames.fingerprint import exact_digest
    from media_ops.frames.matching import FrameMatcher
    from media_ops.frames.reader import FrameReader
    from media_ops.frames.signature import signature

    matcher = FrameMatcher(expected.cells, exact=expected.lossless)
    total = sum(len(part) for part in ranges)
    for part in ranges:
        for rank, frame in FrameReader(result, made.rows(part.start, part.stop), threads=threads):
            if expected.digests and exact_digest(frame, expected.index.facts.pixel_format) != expected.digests[rank]:
                raise ProofFailed(f"frame {rank} is not bit-identical to the source's")
            matcher.add(rank, signature(frame))
            on_progress(matcher.compared, total)
    wrong = matcher.misplaced()
    if wrong:
        first = wrong[0]
        shows = f"shows frame {first.shows}" if first.shows != first.rank else "is not bit-identical"
        raise ProofFailed(
            f"{len(wrong)} of {matcher.compared} frames compared show wrong content; frame {first.rank} {shows} "
            f"(distance {first.own_distance:.2f} to its own, {first.other_distance:.2f} to that)"
        )
    return matcher


def times_digest(times: Iterable[Fraction]) -> str:
    """Digest presentation times in seconds, as rational text, one a line (sha256)."""
    digest = hashlib.sha256()
    for time in times:
        beat()
        digest.update(f"{time}\n".encode())
    return digest.hexdigest()
