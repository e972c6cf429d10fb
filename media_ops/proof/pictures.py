"""Pictures of a result against what the algorithm makes of the source's, decoded anew."""

from __future__ import annotations

from media_ops.algorithm import FrameAlgorithm
from media_ops.errors import ProofFailed
from media_ops.proof.decoded import Decoded, Seen
from media_ops.proof.report import CheckRequest, NotPossible

# Code values of 8 bit, RMS over the cells. Coding at CRF 51 moved no frame of two drawn films farther than 5.2.
_FOREIGN = 24.0
# Means are computed in single precision, whose last bit is another on another processor.
_TOLERANCE = 0.05


class Pictures:
    """The checks that decode something."""

    def __init__(self, request: CheckRequest, decoded: Decoded) -> None:
        self._request = request
        self._proof = request.proof
        self._decoded = decoded

    def joints(self) -> str:
        """Compare the source's frames at the joints and at both ends with their digests."""
        proof = self._proof
        wanted = {rank: (digest, "an end") for rank, digest in proof.fingerprints.items()}
        for joint in proof.joints:
            rank = joint.rank // self._decoded.rate
            wanted[rank] = (joint.fingerprint, f"the joint at {joint.rank}")
            if joint.before:
                wanted[rank - 1] = (joint.before, f"the joint at {joint.rank}")
        if not wanted:
            raise NotPossible("the proof has no digest of any frame")
        found = self._decoded.seen("source").fingerprints
        for rank, (digest, place) in sorted(wanted.items()):
            if rank not in found:
                raise ProofFailed(f"the source has no frame {rank}, which stands at {place}")
            if found[rank] != digest:
                raise ProofFailed(f"frame {rank} of the source, at {place}, is another picture than it was")
        return f"{len(wanted)} frames of the source at {len(proof.joints)} joints and both ends are bit-identical"

    def shown(self) -> str:
        """Compare frames of the result with what the encoder was given, as the merge did."""
        import numpy as np

        from media_ops.frames.matching import FrameMatcher

        source, result = self._decoded.seen("source"), self._decoded.seen("result")
        again, facts = source.again, self._decoded.files["result"].index.facts
        if again is None:
            raise NotPossible(f"what the encoder was given cannot be made again: {source.not_again}")
        if (facts.width, facts.height) != again.size:
            raise ProofFailed(f"the result is {facts.width}x{facts.height}, not {again.size[0]}x{again.size[1]}")
        own = _own(source)
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
        if farthest > _FOREIGN or (comparable and said is not None and farthest > said + _TOLERANCE + again.slack):
            raise ProofFailed(
                f"a frame is {farthest:.2f} code values from {own}; the proof says that none is over {said}"
            )
        return f"{matcher.compared} frames show {own}, {farthest:.2f} code values off at most"

    def lossless(self) -> str:
        """Compare every frame of the result with its digest, and with each that could be made again."""
        from media_ops.frames.fingerprint import digest_of

        result = self._decoded.seen("result")
        try:
            source = self._decoded.seen("source")
        except NotPossible:
            source = Seen()
        for rank, digest in sorted(source.digests.items()):
            if result.digests.get(rank) != digest:
                raise ProofFailed(f"frame {rank} is not bit-identical to {_own(source)}")
        if digest_of(digest for _, digest in sorted(result.digests.items())) != self._proof.lossless_digest:
            raise ProofFailed("the decoded frames of the result are not those that were proved")
        compared = f", {len(source.digests)} of them compared with {_own(source)}" if source.digests else ""
        return f"all {len(result.digests)} frames are bit for bit what was proved{compared}"


def _own(source: Seen) -> str:
    algorithm = source.again.algorithm if source.again else None
    return (
        f"what {algorithm.name()} makes of the source's" if isinstance(algorithm, FrameAlgorithm) else "the source's"
    )
