"""Which constant quality gives a segment the measured one that a job aims at: found on samples of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from media_ops.algorithm import EncodeAlgorithm
from media_ops.encoders.chosen import settings_of
from media_ops.encoders.passes import at_quality
from media_ops.errors import ParamsInvalid
from media_ops.model import Metrics, Segment
from media_ops.on_stage import rows_of
from media_ops.rate.aim import Aim
from media_ops.rate.search import Search
from media_ops.requests import AnalyseRequest, AnalyseResult

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

    from media_ops.encoders.segment import SegmentEncoder
    from media_ops.frames.index import Facts, Rows

    Arrays = Mapping[str, NDArray[Any]]

# Samples of a segment, spread evenly, of so many frames: at least a mini-GOP and what VMAF compares neighbours by.
_SAMPLES, _LENGTH, _LEAST = 3, 24, 8
# Bytes of all samples together, which are held in memory.
_MOST_BYTES = 256 << 20


def probe_quality(
    request: AnalyseRequest, algorithm: EncodeAlgorithm, scratch: Path, on_progress: Callable[[int, int], None]
) -> AnalyseResult:
    """Encode samples of the segment, a few times; store the constant quality at which they reach the target."""
    import numpy as np

    from media_ops.frames.reader import FrameReader
    from media_ops.storage import open_store
    from media_ops.storage.artefact import packed

    store, segment = open_store(request.store), request.segment
    rows = rows_of(store, segment.rows)
    reader = FrameReader(request.source, rows, threads=request.threads, conceal=request.conceal)
    samples = _Samples(algorithm, request, rows, scratch)
    frames = samples.take(iter(reader), on_progress)
    search = Search.of(algorithm.aim(), algorithm.encoder().codec, algorithm.params.crf)
    while (crf := search.next()) is not None:
        search.tell(crf, samples.score(frames, crf))
        on_progress(samples.total, samples.total)
    found = packed(
        {
            "start": np.array(segment.start),
            "frames": np.array(segment.end - segment.start),
            "crf": np.array(search.best),
            "expected": np.array(search.expected),
            "probes": np.array(search.seen),
        }
    )
    key = f"{request.prefix}/analysis/{segment.order:05d}/{request.trace_id}"
    store.put(key, found)
    return AnalyseResult(artefact=key, metrics=Metrics(frames_decoded=reader.decoded, bytes_written=len(found)))


def agreed(algorithm: EncodeAlgorithm, parts: Sequence[Arrays]) -> dict[str, NDArray[Any]]:
    """Give each segment's constant quality; raise `ParamsInvalid` where one cannot be as good as was asked for."""
    import numpy as np

    aim = algorithm.aim()
    worst = min(parts, key=lambda part: float(part["expected"]))
    expected = float(worst["expected"])
    if expected < aim.target - aim.slack:
        raise ParamsInvalid(
            f"target_{aim.metric}: {aim.target:g} is out of reach: from frame {int(worst['start'])} on there is "
            f"{expected:.4g} at CRF {float(worst['crf']):g}",
            rule="quality-out-of-reach",
        )
    probes = [[int(part["start"]), *probe] for part in parts for probe in part["probes"].tolist()]
    return {
        "starts": np.array([int(part["start"]) for part in parts]),
        "frames": np.array([int(part["frames"]) for part in parts]),
        "crfs": np.array([float(part["crf"]) for part in parts]),
        "expected": np.array([float(part["expected"]) for part in parts]),
        "probes": np.array(probes),
    }


class _Samples:
    """Pictures of a segment as its encoder gets them, and what encoding does to them."""

    def __init__(self, algorithm: EncodeAlgorithm, request: AnalyseRequest, rows: Rows, scratch: Path) -> None:
        self._settings = settings_of(algorithm)
        self._aim: Aim = algorithm.aim()
        self._request = request
        self._rows = rows
        self._path = scratch / "sample.nut"
        self._wanted = _windows(request.segment, rows.facts)
        self.total = max(self._wanted) + 1 - rows.first

    def take(
        self, read: Iterator[tuple[int, VideoFrame]], on_progress: Callable[[int, int], None]
    ) -> list[VideoFrame]:
        """Read the segment up to the last sample; give the samples' frames, converted."""
        frames = []
        with self._encoder(range(2), 20) as converter:
            for rank, frame in read:
                if rank in self._wanted:
                    frames.append(_own(converter.convert(frame), frame))
                on_progress(rank + 1 - self._rows.first, self.total + 1)
                if len(frames) == len(self._wanted):
                    break
        return frames

    def score(self, frames: list[VideoFrame], crf: float) -> float:
        """Encode the samples, decode them again, and give the mean of the metric."""
        import av

        from media_ops.quality.scores import measure
        from media_ops.quality.vmaf import Vmaf

        with self._encoder(range(len(frames)), crf) as encoder:
            for frame in frames:
                encoder.encode(frame)
            encoder.finish()
        vmaf = None
        if self._aim.metric == "vmaf":
            depth = frames[0].format.components[0].bits
            vmaf = Vmaf(frames[0].width, frames[0].height, depth, threads=self._request.threads)
        try:
            with av.open(str(self._path)) as made:
                made.streams.video[0].thread_count = 1
                scores = measure(zip(frames, made.decode(video=0), strict=True), vmaf=vmaf)
        finally:
            if vmaf:
                vmaf.close()
        name = {"psnr": "psnr_y"}.get(self._aim.metric or "", self._aim.metric or "")
        return float(scores.by_name[name].mean())

    def _encoder(self, frames: range, crf: float) -> SegmentEncoder:
        from media_ops.encoders.segment import SegmentEncoder

        facts = self._rows.facts
        tick = max(1, round(1 / (facts.rate * facts.time_base)))
        times = [number * tick for number in frames]
        return SegmentEncoder(self._path, at_quality(self._settings, crf), facts, times, self._request.threads)


def _windows(segment: Segment, facts: Facts) -> list[int]:
    """Give the ranks of the samples, in order."""
    count = segment.end - segment.start
    held = max(_LEAST, _MOST_BYTES // max(1, 3 * facts.width * facts.height))
    length = min(_LENGTH, max(_LEAST, held // _SAMPLES))
    if count <= _SAMPLES * length:
        return list(range(segment.start, min(segment.end, segment.start + max(held, _LEAST))))
    middles = [segment.start + (2 * number + 1) * count // (2 * _SAMPLES) for number in range(_SAMPLES)]
    return [rank for middle in middles for rank in range(middle - length // 2, middle - length // 2 + length)]


def _own(converted: VideoFrame, decoded: VideoFrame) -> VideoFrame:
    """Give a picture that stays as it is when the decoder goes on: its frames are its own already."""
    return converted if converted is not decoded else decoded
