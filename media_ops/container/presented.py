"""Whether sound tracks are heard in a file as they are in their source: from start to end, at the same times."""

from __future__ import annotations

from fractions import Fraction

from media_ops.container.heard import Heard

LIMIT = Fraction(1, 1000)


def difference(source: Heard, made: Heard, *, copied: bool, shift: Fraction = Fraction(0)) -> str | None:
    """Say how `made` is heard otherwise than `source`, `shift` later, by more than 1 ms; None where it is not.

    A copy holds the same samples. An encoded track has silence where the source has gaps and one sound where two
    overlap.
    """
    if source.start is None or made.start is None:
        return None if source.start is made.start else "only one of source and result can be heard"
    length = source.length if copied else source.span
    for what, by in (
        ("starts", made.start - source.start - shift),
        ("ends", made.end - source.end - shift),
        ("lasts", made.length - length),
    ):
        if abs(by) > LIMIT:
            words = ("longer", "shorter") if what == "lasts" else ("later", "earlier")
            return f"{what} {abs(float(by)) * 1000:.3f} ms {words[by < 0]} than in the source"
    if copied and abs(by := source.moved(made) - shift) > LIMIT:
        return f"is heard {abs(float(by)) * 1000:.3f} ms {'earlier' if by < 0 else 'later'} in its middle"
    return None
