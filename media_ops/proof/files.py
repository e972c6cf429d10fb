"""The two files of a proof: bytes, frames, times, and what they say of the picture."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from media_ops.errors import InputError, OurError, ProofFailed
from media_ops.model import Picture, Proof
from media_ops.proof.report import NotPossible
from media_ops.requests import ProbeRequest

if TYPE_CHECKING:
    from media_ops.frames.index import FrameIndex


@dataclass(frozen=True)
class File:
    """A result or a source; `missing` says why it is not there, `unreadable` why it cannot be indexed."""

    role: str
    path: str
    missing: str
    unreadable: str
    found: FrameIndex | None

    @classmethod
    def look(cls, role: str, path: str | None, missing: str, *, thorough: bool = False) -> File:
        """Index the file, as a job does; `thorough` as one that conceals damage does."""
        import av

        if path is None:
            return cls(role, "", missing, "", None)
        try:
            return cls(role, path, "", "", _index(path, thorough))
        except (InputError, OurError, av.FFmpegError) as error:
            return cls(role, path, "", str(error), None)

    @property
    def index(self) -> FrameIndex:
        """Its index; raises `NotPossible`."""
        if self.found is None:
            raise NotPossible(self.missing or f"the {self.role} cannot be read")
        return self.found

    def same_bytes(self, size: int, sha256: str) -> str:
        """Compare the file with its digest."""
        from media_ops.storage.source import digest_of, size_of

        if self.missing:
            raise NotPossible(self.missing)
        found = size_of(self.path)
        if found != size:
            raise ProofFailed(f"the {self.role} has {found} bytes, not {size}")
        digest = digest_of(self.path)
        if digest != sha256:
            raise ProofFailed(
                f"the {self.role} is another file: its sha256 is {digest[:16]}..., not {sha256[:16]}..."
            )
        return f"{size} bytes, sha256 {digest[:16]}..."

    def same_count(self, frames: int) -> str:
        """Compare the number of frames."""
        if self.unreadable:
            raise ProofFailed(f"the {self.role} cannot be read: {self.unreadable}")
        if self.index.frames != frames:
            raise ProofFailed(f"the {self.role} has {self.index.frames} frames, not {frames}")
        return f"{frames}"

    def same_damage(self, said: list[tuple[int, int]]) -> str:
        """Compare the places at which decoding the whole file fails."""
        found = list(self.index.findings.damage)
        if found != said:
            raise ProofFailed(f"the {self.role} is damaged at other places than the proof says: {_told(found)}")
        return f"{len(said)} damaged places, where the proof says"

    def same_picture(self, said: Picture | None) -> str:
        """Compare size, format, colour and side data with what the proof says."""
        from media_ops.frames.look import first_frame
        from media_ops.frames.seen import picture

        facts = self.index.facts
        if said is None:
            raise NotPossible("the proof says nothing of it")
        seen = picture(facts, first_frame(self.path), facts.chroma_location)
        changed = [f"{name} is {found}, not {wanted}" for name, found, wanted in _differences(seen, said)]
        if changed:
            raise ProofFailed(f"of the {self.role}: " + "; ".join(changed))
        colour = [value for value in seen.colour.model_dump().values() if value]
        return ", ".join([f"{seen.width}x{seen.height} {seen.pixel_format}", *colour, *seen.side_data])


def same_times(result: FrameIndex, proof: Proof) -> str:
    """Compare the result's own presentation times with their digest."""
    from media_ops.verify import times_digest

    clock = result.facts.time_base
    if str(clock) != proof.pts_resolution:
        raise ProofFailed(f"the result counts in {clock} s, not {proof.pts_resolution} s")
    if times_digest(pts * clock for pts in result.frame_pts.tolist()) != proof.output_pts_digest:
        raise ProofFailed("a frame of the result stands at another time than it did")
    return f"{result.frames} times, in {clock} s"


def times_kept(source: FrameIndex, result: FrameIndex, proof: Proof) -> str:
    """Compare the times that the source's make with their digest, and the result's with them, one by one."""
    from media_ops.frames.produced import result_index
    from media_ops.proof.again import algorithm_of
    from media_ops.verify import result_times, times_digest

    shift, clock, rate = shift_of(proof), result.facts.time_base, 1
    made = source
    if proof.frames_out != proof.frames_in:
        made = result_index(algorithm_of(proof), source)
        rate = made.frames // source.frames
    if times_digest(result_times(made, shift, made.facts.time_base)) != proof.pts_digest:
        raise ProofFailed("a frame of the source stands at another time than it did")
    if result.frames != made.frames:
        times = f" {rate} times" if rate > 1 else ""
        raise ProofFailed(f"the result has {result.frames} frames,{times} the source {source.frames}")
    pairs = zip(result.frame_pts.tolist(), result_times(made, shift, clock), strict=True)
    wrong = [rank for rank, (pts, wanted) in enumerate(pairs) if pts * clock != wanted]
    if wrong:
        raise ProofFailed(f"{len(wrong)} frames stand at another time than the source's, the first is {wrong[0]}")
    between = f", {rate - 1} between it and the next" if rate > 1 else ""
    return f"every frame of the source at its own time{between}" + (f", all {shift} s later" if shift else "")


def _index(path: str, thorough: bool) -> FrameIndex:
    from media_ops.frames.index import FrameIndex
    from media_ops.probe import probe
    from media_ops.storage import open_store

    store = "memory://check"
    found = probe(ProbeRequest(source=path, store=store, prefix="check", thorough=thorough), lambda done, total: None)
    with open_store(store).open(found.index) as file:
        return FrameIndex.from_bytes(file.read())


def _differences(seen: Picture, said: Picture) -> list[tuple[str, object, object]]:
    pairs = [(name, getattr(seen, name), getattr(said, name)) for name in Picture.model_fields if name != "colour"]
    colours = seen.colour.model_dump(), said.colour.model_dump()
    pairs += [(f"colour {name}", found, colours[1][name]) for name, found in colours[0].items()]
    # Versions of ffprobe disagree on what a stream means that does not name its chroma location.
    silent = [pair for pair in pairs if pair[0] == "colour chroma_location" and None in pair]
    return [pair for pair in pairs if pair[1] != pair[2] and pair not in silent]


def _told(spans: list[tuple[int, int]]) -> str:
    return ", ".join(f"PTS {start} to {end}" for start, end in spans[:5]) or "nowhere"


def shift_of(proof: Proof) -> Fraction:
    """Read what was added to all streams, in seconds."""
    if not re.fullmatch(r"\d{1,30}(/[1-9]\d{0,29})?", proof.pts_shift):
        raise ProofFailed(f"the proof's shift {proof.pts_shift[:40]!r} is no fraction")
    return Fraction(proof.pts_shift)
