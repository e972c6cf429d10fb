"""Sound of a result against that of its source, once the job's own files are gone."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from media_ops.errors import ProofFailed
from media_ops.model import Proof, Track
from media_ops.verify import AV_LIMIT_MS

if TYPE_CHECKING:
    from media_ops.container.heard import Heard
    from media_ops.proof.files import File


def in_step(source: File, result: File, proof: Proof) -> str:
    """Compare copied tracks packet by packet; where one was encoded, what is heard: start, end and length."""
    from pathlib import Path

    from media_ops.container.heard import heard
    from media_ops.container.sync import check_sound
    from media_ops.frames.source import open_media
    from media_ops.proof.files import shift_of

    _ = source.index, result.index  # not possible without both
    kept = [track for track in proof.tracks if track.kind == "audio" and track.action != "drop"]
    if bool(kept) != (proof.av_offset_ms is not None):
        raise ProofFailed("the proof's tracks and its offset of sound do not fit each other")
    if not kept:
        _no_track(result.path)
        return "no sound"
    shift = shift_of(proof)
    with open_media(source.path) as container:
        place = {stream.index: number for number, stream in enumerate(container.streams.audio)}
    if gone := [track.index for track in kept if track.index not in place]:
        raise ProofFailed(f"the source has no sound track {gone[0]}")
    if all(track.action == "copy" for track in kept):
        offset = check_sound(Path(result.path), source.path, None, kept, shift) or 0.0
        how = "every packet is the source's"
    else:
        offset = _heard(heard(source.path), heard(result.path), kept, place, shift)
        how = "every track starts, ends and lasts as the source's"
    if offset > AV_LIMIT_MS:
        raise ProofFailed(f"sound is {offset:.3f} ms off")
    return f"{len(kept)} tracks, {offset:.3f} ms off; {how}"


def _no_track(result: str) -> None:
    from media_ops.frames.source import open_media

    with open_media(result) as container:
        if container.streams.audio:
            raise ProofFailed("the result has sound, although the proof says that it has none")


def _heard(
    theirs: list[Heard], made: list[Heard], kept: list[Track], place: dict[int, int], shift: Fraction
) -> float:
    from media_ops.container.presented import difference

    if len(made) != len(kept):
        raise ProofFailed(f"{len(made)} sound tracks instead of {len(kept)}")
    offsets = [Fraction(0)]
    for other, track in zip(made, kept, strict=True):
        one = theirs[place[track.index]]
        if words := difference(one, other, copied=track.action == "copy", shift=shift):
            raise ProofFailed(f"sound track {track.index}: in the result it {words}")
        if one.start is not None and other.start is not None:
            offsets.append(abs(other.start - one.start - shift))
    return round(float(max(offsets)) * 1000, 6)
