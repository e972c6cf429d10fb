"""One result of a segment while it is made: an encoder, what it was given, and the objects that come of it."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from media_ops.algorithm import Algorithm, EncoderSettings
from media_ops.errors import FrameLost, Unsupported
from media_ops.model import Metrics, Part, SegmentResult, Versions
from media_ops.on_stage import with_work
from media_ops.requests import ProcessRequest
from media_ops.storage.shelf import Shelf

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from media_ops.encoders.segment import SegmentEncoder
    from media_ops.frames.index import Facts
    from media_ops.frames.noted import Noted
    from media_ops.performance import Performance


@dataclass(frozen=True)
class Given:
    """What the encoders of a segment are given: pictures of these `facts` at these `times`, counted from `begins`."""

    facts: Facts
    times: list[int]
    begins: int


class Drawer:
    """The parts of one attempt, as they are stored below `place`."""

    def __init__(self, shelf: Shelf, place: str) -> None:
        self._shelf, self._place = shelf, place
        self.parts: list[Part] = []

    def put(self, ending: str, data: bytes | Path) -> Part:
        self.parts.append(self._shelf.put(f"{self._place}.{ending}", data))
        return self.parts[-1]


class Making:
    """Encodes a segment's frames with `settings` into a file in `scratch`; what comes of it goes into `drawer`."""

    def __init__(
        self,
        request: ProcessRequest,
        algorithm: Algorithm,
        settings: EncoderSettings,
        given: Given,
        scratch: Path,
        drawer: Drawer,
    ) -> None:
        from media_ops.encoders.ends import Ends
        from media_ops.encoders.fades import Fades
        from media_ops.encoders.kept import Kept

        self._request, self._algorithm, self._given, self._drawer = request, algorithm, given, drawer
        self._path = scratch / "segment.nut"
        with contextlib.ExitStack() as opened:
            self._encoder = opened.enter_context(_encoder(self._path, settings, given, request))
            self._fades = opened.enter_context(Fades(scratch, request.segment, self._encoder, algorithm.rate))
            self._opened = opened.pop_all()
        self._ends = Ends(len(given.times)) if request.seams and not settings.lossless else None
        self._kept = Kept(self._encoder, self._ends)
        self._looks_ahead = bool(settings.ahead)
        self._extradata = b""

    def __enter__(self) -> Making:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def add(self, rank: int, frame: VideoFrame) -> None:
        """Take the next frame, one of the segment or behind it."""
        if self._request.segment.ahead and rank >= self._request.segment.end:
            if self._looks_ahead:
                self._encoder.show(self._encoder.convert(frame))
        elif not self._fades.take(rank, frame):
            self._kept.add(frame)

    def finish(self) -> None:
        """Take no more; raise `FrameLost` where there should have been."""
        self._extradata = self._encoder.finish()
        order, wanted = self._request.segment.order, len(self._given.times)
        if len(self._kept) != wanted:
            raise FrameLost(f"segment {order}: {len(self._kept)} frames of {wanted} reached the encoder")

    def result(self, noted: Noted, at_work: Performance | None, decoded: int) -> SegmentResult:
        """Store it, once it is closed; `decoded` frames were decoded for it."""
        import av

        from media_ops.encoders.builds import array_versions

        request, segment, algorithm, drawer = self._request, self._request.segment, self._algorithm, self._drawer
        ends = self._ends.psnr(self._path, request.threads) if self._ends else {}
        signatures = drawer.put("signatures", self._kept.signatures(self._given.times).to_bytes())
        digests = drawer.put("digests", "\n".join(noted.seen).encode()) if request.digests else None
        faded = {end: drawer.put(f"fade-{end}.nut", path).key for end, path in self._fades.files.items()}
        video = drawer.put("nut", self._path)
        metrics = Metrics(frames_decoded=decoded, bytes_written=video.size + signatures.size)
        return SegmentResult(
            order=segment.order,
            start=segment.start,
            end=segment.end,
            trace_id=request.trace_id,
            key=video.key,
            parts=drawer.parts,
            signatures=signatures.key,
            fingerprints=noted.fingerprints,
            digests=digests.key if digests else None,
            codec_config=hashlib.sha256(self._extradata).hexdigest(),
            coded=self._encoder.size,
            versions=Versions(
                wheel=f"av {av.__version__}",
                libavcodec=".".join(map(str, av.library_versions["libavcodec"])),
                encoder=self._encoder.library_version,
                algorithm=f"{algorithm.name()} {algorithm.version}",
                arrays=", ".join(f"{name} {number}" for name, number in array_versions().items()) if at_work else "",
            ),
            metrics=with_work(metrics, at_work),
            warnings=list(self._encoder.target.warnings),
            fades=faded,
            ends=ends,
        )


def _encoder(path: Path, settings: EncoderSettings, given: Given, request: ProcessRequest) -> SegmentEncoder:
    from media_ops.encoders.segment import SegmentEncoder

    try:
        ahead = bool(request.segment.ahead and settings.ahead)
        return SegmentEncoder(path, settings, given.facts, given.times, request.threads, given.begins, ahead=ahead)
    except Unsupported as error:
        raise Unsupported(f"{request.source}: {error}", rule=error.rule) from error
