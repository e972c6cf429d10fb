"""What belongs to the picture beside its frames: whether the result still says it."""

from __future__ import annotations

from pathlib import Path

from av.stream import Disposition, Stream

from media_ops.container.language import quicktime_language
from media_ops.container.light import check_light
from media_ops.encoders.formats import Target
from media_ops.errors import ProofFailed
from media_ops.frames.index import Facts
from media_ops.frames.light import NO_LIGHT
from media_ops.frames.look import DisplayMatrix, display_matrix, look
from media_ops.frames.source import open_beside, open_media
from media_ops.model import Track

# Matroska holds angles, so that the matrix is calculated anew (65536 is 1).
_MATRIX_SLACK = 16
# What players choose a track by.
_TELLING = (
    Disposition.default
    | Disposition.dub
    | Disposition.original
    | Disposition.comment
    | Disposition.forced
    | Disposition.hearing_impaired
    | Disposition.visual_impaired
    | Disposition.captions
    | Disposition.descriptions
)


def check_kept(path: Path, facts: Facts, target: Target, container: str, light_slack: int) -> list[str]:
    """Compare the result with the source's facts; give in words what the container could not hold.

    Raises `ProofFailed` where it could, and has not.
    """
    made = look(path)
    lost = [f"{words} of the source: dropped" for words in facts.extras if words not in made.extras]
    if not _turned_alike(display_matrix(made.frame), facts.display_matrix):
        if container in ("mp4", "mov"):
            raise ProofFailed("the picture is not turned or mirrored as the source's is")
        lost.append(f"{container} cannot hold how the picture is turned or mirrored: dropped")
    if facts.light != NO_LIGHT:
        check_light(path, facts.light, light_slack)
    if target.interlaced and not (
        made.interlaced and made.field_order in (0, target.field_order or made.field_order)
    ):
        raise ProofFailed(f"the order of fields became {made.field_order} instead of {target.field_order}")
    if target.field_order and made.field_order != target.field_order:
        lost.append(f"{container} cannot hold the order of fields of this codec: dropped")
    return lost


def names_lost(path: Path, source: str, video_index: int, tracks: list[Track], container: str) -> list[str]:
    """Say which languages, titles and dispositions of streams the container could not hold.

    Raises `ProofFailed` when a track is missing.
    """
    lost = []
    with open_beside(source) as reading, open_media(path) as made:
        pairs: list[tuple[int, Stream]] = [(video_index, made.streams.video[0])]
        for kind, streams in (("audio", made.streams.audio), ("subtitle", made.streams.subtitles)):
            kept = [track.index for track in tracks if track.kind == kind and track.action != "drop"]
            if len(kept) != len(streams):
                raise ProofFailed(f"{path.name}: {len(streams)} {kind} tracks instead of {len(kept)}")
            pairs += zip(kept, streams, strict=True)
        for index, copy in pairs:
            original = reading.streams[index]
            for name in ("language", "title"):
                said, found = original.metadata.get(name), copy.metadata.get(name)
                if said and found not in (said, quicktime_language(said)) and said != "und":
                    lost.append(f"{container} cannot hold the {name} {said!r} of stream {index}: dropped")
            for flag in original.disposition & ~copy.disposition & _TELLING:
                lost.append(f"{container} cannot hold that stream {index} is marked {flag.name}: dropped")
    return lost


def _turned_alike(made: DisplayMatrix | None, source: DisplayMatrix | None) -> bool:
    """Compare turning and mirroring; how far the picture is moved on the canvas is no player's concern."""
    if made == source:
        return True
    identity = (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    pairs = zip(made or identity, source or identity, strict=True)
    return all(abs(a - b) <= _MATRIX_SLACK for place, (a, b) in enumerate(pairs) if place in (0, 1, 3, 4))
