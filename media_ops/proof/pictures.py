"""Pictures of a result against the source's, decoded anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops.errors import MediaError, ParamsInvalid, ProofFailed
from media_ops.planning.windows import JOINT_WINDOW, merged, windows
from media_ops.proof.report import CheckRequest, NotPossible

if TYPE_CHECKING:
    import numpy as np
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

    from media_ops.frames.index import Facts
    from media_ops.proof.files import File

# Code values of 8 bit, RMS over the cells. Coding at CRF 51 moved no frame of two drawn films farther than 5.2.
_FOREIGN = 24.0
# Means are computed in single precision, whose last bit is another on another processor.
_TOLERANCE = 0.05


@dataclass
class _Seen:
    """What decoding one file gave, by rank."""

    cells: dict[int, NDArray[np.uint16]] = field(default_factory=dict)
    fingerprints: dict[int, str] = field(default_factory=dict)
    digests: dict[int, bytes] = field(default_factory=dict)


class Pictures:
    """Decodes each file once, when the first check asks for it; `decoded` counts frames."""

    def __init__(
        self,
        source: File,
        result: File,
        request: CheckRequest,
        scratch: Path,
        on_progress: Callable[[int, int | None], None],
    ) -> None:
        self.decoded = 0
        self._files = {"source": source, "result": result}
        self._request = request
        self._proof = request.proof
        self._scratch = scratch
        self._on_progress = on_progress
        self._found: dict[str, _Seen | Exception] = {}
        self._no_conversion = ""

    def joints(self) -> str:
        """Compare the source's frames at the joints and at both ends with their digests."""
        proof = self._proof
        wanted = {rank: (digest, "an end") for rank, digest in proof.fingerprints.items()}
        for joint in proof.joints:
            wanted[joint.rank] = (joint.fingerprint, f"the joint at {joint.rank}")
            if joint.before:
                wanted[joint.rank - 1] = (joint.before, f"the joint at {joint.rank}")
        if not wanted:
            raise NotPossible("the proof has no digest of any frame")
        found = self._seen("source").fingerprints
        for rank, (digest, place) in sorted(wanted.items()):
            if rank not in found:
                raise ProofFailed(f"the source has no frame {rank}, which stands at {place}")
            if found[rank] != digest:
                raise ProofFailed(f"frame {rank} of the source, at {place}, is another picture than it was")
        return f"{len(wanted)} frames of the source at {len(proof.joints)} joints and both ends are bit-identical"

    def shown(self) -> str:
        """Compare frames of the result with the source's, as the merge did."""
        import numpy as np

        from media_ops.frames.matching import FrameMatcher

        source, result = self._seen("source"), self._seen("result")
        if not source.cells:
            raise NotPossible(f"what the encoder was given cannot be made again: {self._no_conversion}")
        ranks = sorted(source.cells)
        places = {rank: place for place, rank in enumerate(ranks)}
        if missing := [rank for rank in result.cells if rank not in places]:
            raise ProofFailed(f"the source has no frame {missing[0]} to compare with")
        matcher = FrameMatcher(np.stack([source.cells[rank] for rank in ranks]))
        for rank, cells in sorted(result.cells.items()):
            matcher.add(places[rank], cells)
        wrong = matcher.misplaced()
        if wrong:
            first = wrong[0]
            raise ProofFailed(
                f"{len(wrong)} of {matcher.compared} frames show wrong content; "
                f"frame {ranks[first.rank]} shows frame {ranks[first.shows]}"
            )
        farthest = matcher.farthest or 0.0
        said = self._proof.picture_distance
        comparable = not self._request.full or self._proof.verify == "full"
        if farthest > _FOREIGN or (comparable and said is not None and farthest > said + _TOLERANCE):
            raise ProofFailed(
                f"a frame is {farthest:.2f} code values from the source's; the proof says that none is over {said}"
            )
        return f"{matcher.compared} frames show the source's, {farthest:.2f} code values off at most"

    def lossless(self) -> str:
        """Compare every frame of the result with its digest, and with each of the source's that was decoded."""
        from media_ops.frames.fingerprint import digest_of

        source, result = self._seen_if_there("source"), self._seen("result")
        if source:
            for rank, digest in sorted(source.digests.items()):
                if result.digests.get(rank) != digest:
                    raise ProofFailed(f"frame {rank} is not bit-identical to the source's")
        if digest_of(digest for _, digest in sorted(result.digests.items())) != self._proof.lossless_digest:
            raise ProofFailed("the decoded frames of the result are not those that were proved")
        compared = f", {len(source.digests)} of them compared with the source's" if source else ""
        return f"all {len(result.digests)} frames are bit for bit what was proved{compared}"

    def _seen_if_there(self, role: str) -> _Seen | None:
        try:
            return self._seen(role)
        except NotPossible:
            return None

    def _seen(self, role: str) -> _Seen:
        if role not in self._found:
            try:
                self._found[role] = self._decode(role)
            except (MediaError, NotPossible) as error:
                self._found[role] = error
        found = self._found[role]
        if isinstance(found, Exception):
            raise found
        return found

    def _decode(self, role: str) -> _Seen:
        from media_ops.frames.fingerprint import exact_digest, fingerprint
        from media_ops.frames.reader import FrameReader
        from media_ops.frames.signature import signature

        file = self._files[role]
        index, ranges = file.index, self._ranges(role)
        marked = {*self._proof.fingerprints, *(rank - n for rank in self._joint_ranks() for n in (0, 1))}
        seen, total, done = _Seen(), sum(len(part) for part in ranges), 0
        # A single thread skips what nothing refers to on the way to a window; a whole film is faster with all.
        threads = min(16, len(os.sched_getaffinity(0))) if self._request.full else 1
        # What a decoder makes of a damaged place depends on all that it decoded before.
        concealed = role == "source" and bool(self._proof.damaged)
        form = self._compared_format() if self._proof.lossless_digest else None
        with ExitStack() as stack:
            convert = self._conversion(stack, index.facts) if role == "source" else _as_it_is
            for part in ranges if not concealed else [range(max(part.stop for part in ranges))]:
                rows = index.rows(part.start, part.stop)
                for rank, frame in FrameReader(file.path, rows, threads=threads, conceal=concealed):
                    self.decoded += 1
                    if concealed and not any(rank in wanted for wanted in ranges):
                        continue
                    if role == "source" and rank in marked:
                        seen.fingerprints[rank] = fingerprint(frame)
                    if form:
                        seen.digests[rank] = exact_digest(frame, form)
                    if convert:
                        seen.cells[rank] = signature(convert(frame))
                    done += 1
                    self._on_progress(done, total)
        return seen

    def _conversion(self, stack: ExitStack, facts: Facts) -> Callable[[VideoFrame], VideoFrame] | None:
        """Give what turns a source's frame into what the encoder was given; None where that is not known here."""
        from media_ops import registry
        from media_ops.algorithm import EncodeAlgorithm
        from media_ops.encoders.segment import SegmentEncoder

        try:
            algorithm = registry.get(self._proof.algorithm).from_params(self._proof.params)
            if not isinstance(algorithm, EncodeAlgorithm):
                raise ParamsInvalid(f"{self._proof.algorithm} is no encode algorithm")
            made = SegmentEncoder(self._scratch / "unused.nut", algorithm.encoder(), facts, [0], 1)
        except MediaError as error:
            self._no_conversion = str(error)
            return None
        return stack.enter_context(made).convert

    def _ranges(self, role: str) -> list[range]:
        file = self._files[role]
        frames = file.index.frames
        if self._request.full or (role == "result" and self._proof.lossless_digest):
            return [range(frames)]
        result = self._files["result"].found
        entries = result.entry_ranks().tolist() if result else [0]
        chosen = windows(frames, self._joint_ranks(), entries)
        if role == "result":
            return chosen
        # The neighbours of a window tell which frame a wrong one shows.
        return merged((range(r.start - JOINT_WINDOW, r.stop + JOINT_WINDOW) for r in chosen), frames)

    def _joint_ranks(self) -> list[int]:
        return [joint.rank for joint in self._proof.joints]

    def _compared_format(self) -> str:
        import av

        source, said = self._files["source"].found, self._proof.picture_source
        name = source.facts.pixel_format if source else said.pixel_format if said else ""
        try:
            _ = av.VideoFormat(name)
        except ValueError:
            raise ProofFailed(f"the proof names a pixel format that there is not: {name!r}") from None
        return name


def _as_it_is(frame: VideoFrame) -> VideoFrame:
    return frame
