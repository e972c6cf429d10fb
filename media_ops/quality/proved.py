"""The joints of a film, as the proof beside it tells of them."""

from __future__ import annotations

from pathlib import Path

from media_ops.errors import MediaError
from media_ops.storage.document import read_document
from media_ops.storage.proved import proof_path


def joints_of(film: Path) -> tuple[list[int], list[str]]:
    """Give the first frames behind its joints; none without a proof. What speaks against believing it is said."""
    place = proof_path(film)
    if not place.exists():
        return [], []
    try:
        proof = read_document(place).proof
    except MediaError as error:
        return [], [f"joints are unknown: {error}"]
    if proof.output_size != film.stat().st_size:
        return [], [f"joints are unknown: the proof {place.name!r} is that of another file"]
    return [joint.rank for joint in proof.joints], []
