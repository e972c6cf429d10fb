"""What a merge works with, and its parts: what is joined, written, and proved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from media_ops import registry
from media_ops.algorithm import Algorithm, EncoderSettings
from media_ops.errors import OurError, ProofFailed, SegmentsDisagree
from media_ops.model import Colour, JointProof, Proof, SegmentResult, Track
from media_ops.requests import MergeRequest, digests_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from media_ops.container.joined import JoinedVideo
    from media_ops.encoders.formats import Target
    from media_ops.frames.index import FrameIndex
    from media_ops.pieces import Piece
    from media_ops.storage import Store
    from media_ops.storage.gathered import Gathered
    from media_ops.storage.state import SourceState

OnProgress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Join:
    """What a merge works with, loaded once: `index` is the source's, `made` is what the result's must be."""

    request: MergeRequest
    algorithm: Algorithm
    store: Store
    index: FrameIndex
    made: FrameIndex
    settings: EncoderSettings
    target: Target
    container: str
    video_index: int
    tracks: list[Track]
    shift: Fraction

    @classmethod
    def load(cls, request: MergeRequest) -> Join:
        from media_ops.container.sync import common_shift
        from media_ops.container.tracks import container_format, other_tracks
        from media_ops.encoders.chosen import check_container, settings_of
        from media_ops.encoders.formats import choose_target
        from media_ops.frames.index import FrameIndex
        from media_ops.frames.produced import result_index
        from media_ops.frames.source import only_video, open_beside
        from media_ops.storage import open_store

        algorithm = registry.get(request.algorithm).from_params(request.params)
        store, container = open_store(request.store), container_format(request.container)
        index = FrameIndex.from_bytes(_read(store, request.index))
        with open_beside(request.source) as source:
            video = only_video(source)
            video_index = video.index
            tracks = other_tracks(source, video, container)
            if source.streams.audio and request.audio is None:
                raise OurError(f"{request.source}: the sound was not prepared")
        tracks = [*(request.audio.tracks if request.audio else []), *tracks]
        check_container(algorithm, request.container)
        settings = settings_of(algorithm)
        shift = common_shift(request.source, index, tracks)
        made = result_index(algorithm, index)
        target = choose_target(settings.codec, made.facts, settings.height)
        return cls(request, algorithm, store, index, made, settings, target, container, video_index, tracks, shift)

    def pieces(self, parts: Gathered, scratch: Path) -> list[Piece]:
        """Give what is to be joined; what fades is made in `scratch`."""
        from media_ops.pieces import Pieces

        return Pieces(self.request, parts, self.settings, self.made, self.algorithm.rate).all(scratch)

    def video(self, pieces: list[Piece]) -> JoinedVideo:
        """Plan the joined picture track."""
        from media_ops.container.joined import JoinedVideo

        return JoinedVideo.plan(
            lambda number: pieces[number].video,
            [piece.count for piece in pieces],
            self.made,
            int(self.shift / self.made.facts.time_base),
        )

    def write(self, path: Path, pieces: list[Piece], on_progress: OnProgress) -> None:
        """Mux everything into `path`."""
        from media_ops.container.result import Contents, write_result
        from media_ops.encoders.libraries import LIBRARIES

        library = LIBRARIES[self.settings.codec]
        contents = Contents(
            source=self.request.source,
            video_index=self.video_index,
            video=self.video(pieces),
            tracks=self.tracks,
            sound=self._sound(),
            shift=self.shift,
            display_matrix=self.index.facts.display_matrix,
            field_order=self.target.field_order,
            colour=None if library.tells_colour else self.target.colour,
            tag=library.tag,
        )
        write_result(path, self.container, contents, lambda packets: on_progress(packets, None))

    def prove(self, path: Path, joints: list[JointProof], pieces: list[Piece], on_progress: OnProgress) -> Proof:
        """Verify `path` against the times it must have, the workers' signatures and the source's sound."""
        from media_ops.container.joined import open_intermediate
        from media_ops.container.software import software
        from media_ops.container.sync import check_sound
        from media_ops.describe import chroma_location
        from media_ops.frames.look import first_frame
        from media_ops.frames.seen import picture
        from media_ops.showing import scored
        from media_ops.storage.passing import sha256_of
        from media_ops.verify import AV_LIMIT_MS, Expectation, verify

        request = self.request
        lossless = self.settings.lossless and self._passes_through()
        cells, digests = self._seen(pieces)
        if lossless and len(digests) != len(cells):
            raise OurError(f"{request.source}: a lossless job whose workers left no digests of its frames")
        joints = scored(self._made_joints(joints), request.results, cells)
        expected = Expectation(self.made, self.target, cells, self.shift, joints, lossless, digests)
        found = verify(path, expected, request.verify, threads=request.threads, on_progress=on_progress)
        encoded = (lambda: open_intermediate(self._sound() or "")) if self._sound() else None
        shown = first_frame(path)
        offset = check_sound(path, request.source, encoded, self.tracks, self.shift)
        if offset is not None and offset > AV_LIMIT_MS:
            raise ProofFailed(f"sound moved by {offset:.3f} ms against the picture")
        with path.open("rb") as file:
            sha256 = sha256_of(file)
        return Proof(
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            algorithm=request.algorithm,
            algorithm_version=self.algorithm.version,
            params=self.algorithm.params.model_dump(mode="json"),
            exactness=self._exactness(),
            files=digests_of(request.files),
            slicing=request.plan.slicing,
            frames_in=self.index.frames,
            frames_out=found.frames,
            pts_mismatches=0,
            pts_digest=found.pts_digest,
            output_pts_digest=found.output_pts_digest,
            pts_resolution=str(found.resolution),
            pts_shift=str(self.shift),
            av_offset_ms=offset,
            tracks=self.tracks,
            verify="full" if lossless else request.verify,
            frames_compared=found.frames_compared,
            compared=[(part.start, part.stop) for part in found.compared],
            picture_distance=None if found.picture_distance is None else round(found.picture_distance, 4),
            joints=found.joints,
            seams=request.seams,
            seam_limit_db=None if request.seams == "off" else request.seam_limit_db,
            damaged=list(self.index.findings.damage),
            source_time_base=str(self.index.facts.time_base),
            fingerprints=_ends(request.results, self.index.frames),
            colour_source=_colour(self.index.facts.colour, self.index.facts.chroma_location),
            colour_output=_colour(self.target.colour, self._chroma_location(path)),
            picture_source=picture(self.index.facts, first_frame(request.source), self.index.facts.chroma_location),
            picture_output=picture(found.facts, shown, chroma_location(path)),
            lossless_digest=found.lossless_digest,
            output_size=path.stat().st_size,
            output_sha256=sha256,
            versions=request.results[0].versions,
            software=software(request.results[0].versions.encoder),
            warnings=self.all_warnings(),
        )

    def check_kept(self, path: Path) -> list[str]:
        """Compare what belongs to the picture beside its frames; give in words what was lost."""
        from media_ops.container.kept import check_kept, names_lost
        from media_ops.encoders.libraries import LIBRARIES

        slack = LIBRARIES[self.settings.codec].light_slack
        lost = check_kept(path, self.index.facts, self.target, self.container, slack)
        return lost + names_lost(path, self.request.source, self.video_index, self.tracks, self.container)

    def state(self) -> SourceState:
        """What the source was when it was probed."""
        from media_ops.storage.state import SourceState

        return SourceState.model_validate_json(_read(self.store, f"{self.request.prefix}/source"))

    def origin(self) -> dict[str, Any]:
        """Say which file was the source; raise `SourceChanged` if it is no longer the one that was probed."""
        state = self.state()
        state.check(self.request.source)
        return {"source_size": state.size, "source_sha256": state.sha256}

    def all_warnings(self) -> list[str]:
        """Collect what was said all along the job, each once."""
        request = self.request
        said = [*request.plan.warnings, *(warning for result in request.results for warning in result.warnings)]
        said += [*(request.audio.warnings if request.audio else []), *self.warnings()]
        return list(dict.fromkeys(said))

    def warnings(self) -> list[str]:
        """Say what the container could not hold as it was."""
        from media_ops.container.tracks import MATROSKA

        said = [
            f"{track.kind} stream {track.index} is dropped: {track.reason}"
            for track in self.tracks
            if track.action == "drop" and track.kind != "audio"
        ]
        clock = 1000 * self.index.facts.time_base
        if self.container in MATROSKA and ((self.index.frame_pts * clock.numerator) % clock.denominator).any():
            said.append("Matroska counts milliseconds: presentation times are rounded to the nearest one")
        if self.index.findings.damage:
            said.append(f"{len(self.index.findings.damage)} damaged places are shown as the decoder guesses them")
        if self.shift:
            said.append(f"all streams are {float(self.shift):.6f} s later: the source begins below zero")
        return said

    def _exactness(self) -> Literal["exact", "converging", "blended"]:
        """What cutting did to the frames before they were encoded."""
        cut = self.request.plan.slicing.used
        return self.algorithm.exactness if cut else "exact"

    def _passes_through(self) -> bool:
        facts, target = self.made.facts, self.target
        return (target.pixel_format, target.width, target.height) == (facts.pixel_format, facts.width, facts.height)

    def _chroma_location(self, path: Path) -> str | None:
        from media_ops.describe import describe

        video = describe(str(path)).video
        found = video.colour.chroma_location if video and video.colour else None
        if found and self.target.chroma_location and found != self.target.chroma_location:
            raise ProofFailed(f"the place of chroma became {found} instead of {self.target.chroma_location}")
        return found

    def _seen(self, pieces: list[Piece]) -> tuple[NDArray[np.uint16], list[bytes]]:
        """Give the signatures of all frames, and their digests if the job is lossless."""
        import numpy as np

        times = np.concatenate([piece.seen.pts for piece in pieces])
        if not np.array_equal(times, self.made.frame_pts):
            raise SegmentsDisagree("the frames handed to the encoders do not have the times they must have")
        digests = [digest.tobytes() for piece in pieces for digest in piece.seen.digests]
        return np.concatenate([piece.seen.cells for piece in pieces]), digests

    def _made_joints(self, joints: list[JointProof]) -> list[JointProof]:
        """Joints counted in frames of the result."""
        rate = self.made.frames // self.index.frames
        return [joint.model_copy(update={"rank": joint.rank * rate}) for joint in joints]

    def _sound(self) -> BinaryIO | str | None:
        audio = self.request.audio
        return self._stored(audio.key) if audio and audio.key else None

    def _stored(self, key: str) -> BinaryIO | str:
        path = self.store.path(key)
        return str(path) if path else self.store.open(key)


def _read(store: Store, key: str) -> bytes:
    with store.open(key) as file:
        return file.read()


def _ends(results: list[SegmentResult], frames: int) -> dict[int, str]:
    ends = {0: results[0], frames - 1: results[-1]}
    return {rank: result.fingerprints[rank] for rank, result in ends.items() if rank in result.fingerprints}


def _colour(colour: tuple[int, int, int, int], chroma_location: str | None) -> Colour:
    from media_ops.frames.names import colour_names

    primaries, transfer, matrix, range_ = colour_names(colour)
    return Colour(
        primaries=primaries, transfer=transfer, matrix=matrix, range=range_, chroma_location=chroma_location
    )
