"""Whether a joined picture stream has the bit rate that was asked for, and fits into the decoder's buffer."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops.algorithm import EncodeAlgorithm
from media_ops.errors import ParamsInvalid, StoreUnavailable
from media_ops.mended import Process, again, fresh_folder
from media_ops.model import QualityProof, RateProof, SegmentResult
from media_ops.rate.aim import Aim, told
from media_ops.rate.buffer import Buffer, Fullness, simulate

if TYPE_CHECKING:
    from media_ops.container.joined import JoinedVideo
    from media_ops.requests import MergeRequest
    from media_ops.storage.gathered import Gathered

# A segment that does not fit gets this share of the buffer that it really finds, and less each time.
_MARGIN = 0.85
_TRIES = 4
# Above by more a rate was not met; below it a picture may need no more bits, which is told and not refused.
_MOST_ABOVE = 1.10
_TOLD = 0.03

Joined = Callable[[list[SegmentResult]], "JoinedVideo"]


def fitted(
    request: MergeRequest, aim: Aim, joined: Joined, parts: Gathered, scratch: Path, process: Process
) -> tuple[list[SegmentResult], RateProof, list[str]]:
    """Encode segments again, each alone, until the joined stream fits; give them, what was reached, and warnings.

    Raises `ParamsInvalid` where a segment cannot be made to fit, or the rate is exceeded.
    """
    results = list(request.results)
    video = joined(results)
    fullness: Fullness | None = None
    redone: list[int] = []
    fills: dict[int, float] = {}
    if aim.maxrate and aim.bufsize:
        buffer = Buffer(aim.maxrate, aim.bufsize)
        fullness = _simulated(buffer, video)
        while fullness.underflows:
            starts = [0, *accumulate(video.counts)]
            number = bisect_right(starts, fullness.underflows[0]) - 1
            fill = min(fills.get(number, 1.0), fullness.before[starts[number]]) * _MARGIN
            if redone.count(number) >= _TRIES:
                raise ParamsInvalid(
                    f"{request.source}: maxrate: segment {number} cannot be shown within {told(aim.maxrate)} and a "
                    f"buffer of {told(aim.bufsize, 'bit')}",
                    rule="rate-too-low",
                )
            results[number] = _again(request, number, fill, len(redone), parts, scratch, process)
            redone.append(number)
            fills[number] = fill
            video = joined(results)
            fullness = _simulated(buffer, video)
    rate = 8 * sum(video.sizes) / float(video.seconds)
    proof = RateProof(
        bitrate=aim.bitrate,
        reached=round(rate, 1),
        maxrate=aim.maxrate,
        bufsize=aim.bufsize,
        fullness=None if fullness is None else round(fullness.lowest, 4),
        encoded_again=sorted(set(redone)),
    )
    return results, proof, _told(request, aim, rate)


def aim_of_job(algorithm: object) -> Aim | None:
    """What a job aims at, if that can be seen in the joined stream."""
    aim = algorithm.aim() if isinstance(algorithm, EncodeAlgorithm) else None
    return aim if aim and (aim.bitrate or aim.maxrate) else None


def found_quality(algorithm: object, request: MergeRequest) -> QualityProof | None:
    """Say what the probes found, where a job aimed at a measured quality."""
    from media_ops.on_stage import read
    from media_ops.storage import open_store
    from media_ops.storage.artefact import unpacked

    metric = algorithm.aim().metric if isinstance(algorithm, EncodeAlgorithm) else None
    if metric is None or request.artefact is None:
        return None
    assert isinstance(algorithm, EncodeAlgorithm)
    found = unpacked(read(open_store(request.store), request.artefact))
    frames, expected = found["frames"], found["expected"]
    return QualityProof(
        metric=metric,
        target=algorithm.aim().target,
        expected=round(float((frames * expected).sum() / frames.sum()), 4),
        crfs=found["crfs"].tolist(),
        probes=[(int(start), crf, round(value, 4)) for start, crf, value in found["probes"].tolist()],
    )


def _simulated(buffer: Buffer, video: JoinedVideo) -> Fullness:
    return simulate(buffer, video.sizes, video.dts, video.index.facts.time_base)


def _again(
    request: MergeRequest, number: int, fill: float, count: int, parts: Gathered, scratch: Path, process: Process
) -> SegmentResult:
    wanted = again(request, number).model_copy(update={"fill": round(fill, 3)})
    result = process(wanted, fresh_folder(scratch, f"fit-{count}"), lambda done, total: None)
    if not parts.bring(result.parts):
        raise StoreUnavailable(f"segment {number} is lost or damaged as soon as it is stored")
    return result


def _told(request: MergeRequest, aim: Aim, rate: float) -> list[str]:
    if aim.bitrate is None:
        return []
    if rate > _MOST_ABOVE * aim.bitrate:
        raise ParamsInvalid(
            f"{request.source}: bitrate: {told(aim.bitrate)} was asked for, and {told(rate)} is the least that this "
            "picture could be brought to",
            rule="rate-too-low",
        )
    if rate < (1 - _TOLD) * aim.bitrate:
        return [f"the picture has {told(rate)} of the {told(aim.bitrate)} that were asked for: it takes no more"]
    if rate > (1 + _TOLD) * aim.bitrate:
        return [f"the picture has {told(rate)}, more than the {told(aim.bitrate)} that were asked for"]
    return []
