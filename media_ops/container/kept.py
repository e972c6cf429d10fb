"""What belongs to the picture beside its frames: whether the result still says it."""

from __future__ import annotations

from pathlib import Path

from media_ops.container.light import check_light
from media_ops.encoders.formats import Target
from media_ops.errors import ProofFailed
from media_ops.frames.index import Facts
from media_ops.frames.light import Light
from media_ops.frames.look import DisplayMatrix, display_matrix, look

# Matroska holds angles, so that the matrix is calculated anew (65536 is 1).
_MATRIX_SLACK = 16


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
    if facts.light != Light():
        check_light(path, facts.light, light_slack)
    if target.interlaced and not (made.interlaced and made.field_order in (0, target.field_order or made.field_order)):
        raise ProofFailed(f"the order of fields became {made.field_order} instead of {target.field_order}")
    if target.field_order and made.field_order != target.field_order:
        lost.append(f"{container} cannot hold the order of fields of this codec: dropped")
    return lost


def _turned_alike(made: DisplayMatrix | None, source: DisplayMatrix | None) -> bool:
    """Compare turning and mirroring; how far the picture is moved on the canvas is no player's concern."""
    if made == source:
        return True
    identity = (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    pairs = zip(made or identity, source or identity, strict=True)
    return all(abs(a - b) <= _MATRIX_SLACK for place, (a, b) in enumerate(pairs) if place in (0, 1, 3, 4))
