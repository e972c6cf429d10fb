"""Compare two files as they are shown: frames, times, colour, sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from pydantic import Field

from media_ops.model import Noun
from media_ops.storage.source import find_source

if TYPE_CHECKING:
    from media_ops.container.heard import Heard
    from media_ops.frames.film import Film
    from media_ops.frames.lockstep import Lockstep

SOUND_LIMIT = Fraction(1, 1000)
_SHOWN = 5


class CompareRequest(Noun):
    """Compare `b` with `a`."""

    a: str
    b: str
    min_psnr: float = 25.0
    exact: bool = False


class Comparison(Noun):
    """What was compared, and every difference as a sentence; none means that the files agree.

    `mean_psnr` is over all planes and frames, None when every frame is identical or none could be compared.
    """

    a: str
    b: str
    frames_a: int
    frames_b: int
    pts_mismatches: int
    moved: str = "0"
    av_offset_ms: float | None = None
    misplaced_frames: int = 0
    identical_frames: int = 0
    mean_psnr: float | None = None
    differences: list[str] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)


@dataclass
class _Findings:
    differences: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def compare(
    a: str,
    b: str,
    *,
    min_psnr: float = 25.0,
    exact: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Compare `b` with `a`, decoding both side by side; `on_progress` gets frames done and frames of `a`.

    Raises errors of the input: `SourceNotFound`, `NotMedia`, `NoVideo`, `DamagedMedia`.
    """
    from media_ops.container.heard import heard
    from media_ops.frames.film import Film
    from media_ops.frames.lockstep import Lockstep

    first, second = Film(find_source(a)), Film(find_source(b))
    seen = Lockstep(first, second)
    seen.play(on_progress)
    findings = _Findings()
    for which, film in (("first", first), ("second", second)):
        if film.lost:
            findings.notes.append(f"{film.lost} packets of the {which} file cannot be decoded")
    sounds = heard(first.path), heard(second.path)
    moved = _shift(first, second, sounds[0], findings)
    mismatches = _times(first, second, moved, findings)
    offset = _sound(*sounds, first.times, second.times, findings)
    _pictures(seen, min_psnr, exact, findings)
    return Comparison(
        a=a,
        b=b,
        frames_a=len(first.times),
        frames_b=len(second.times),
        pts_mismatches=mismatches,
        moved=str(moved),
        av_offset_ms=None if offset is None else round(float(offset) * 1000, 6),
        misplaced_frames=len(seen.misplaced),
        identical_frames=seen.identical,
        mean_psnr=seen.mean_psnr,
        differences=findings.differences,
        notes=findings.notes,
    )


def _shift(first: Film, second: Film, sounds: list[Heard], findings: _Findings) -> Fraction:
    """Say by how much all of `second` may have been moved, and note it."""
    from media_ops.container.together import moved_by_container

    if not first.times or not second.times:
        return Fraction(0)
    starts = [sound.start for sound in sounds]
    moved = moved_by_container(first.times[0], second.times[0], second.container, lambda: starts)
    if moved:
        findings.notes.append(f"the second file is moved by {_seconds(moved)}: its container shows nothing before 0")
    return moved


def _times(first: Film, second: Film, moved: Fraction, findings: _Findings) -> int:
    from media_ops.container.together import Clock

    if len(first.times) != len(second.times):
        findings.differences.append(f"frame count: {len(first.times)} against {len(second.times)}")
    clock = Clock(first, second)
    if clock.ticks:
        findings.notes.append(f"times are compared after rounding to {clock.ticks} s, the clock of Matroska")
    pairs = enumerate(zip(first.times, second.times, strict=False))
    wrong = [(rank, x, y) for rank, (x, y) in pairs if not clock.same(x + moved, y)]
    for rank, x, y in wrong[:_SHOWN]:
        findings.differences.append(f"time of frame {rank}: {_seconds(x)} against {_seconds(y)}")
    if len(wrong) > _SHOWN:
        findings.differences.append(f"... {len(wrong)} frames in all have another time")
    return len(wrong)


def _known(tracks: list[Heard], which: str, findings: _Findings) -> list[Heard]:
    """Leave out tracks that nobody can listen to."""
    known = [track for track in tracks if track.codec != "unknown" and track.start is not None]
    if len(known) < len(tracks):
        findings.notes.append(f"{len(tracks) - len(known)} sound tracks of the {which} file cannot be decoded")
    return known


def _sound(
    first: list[Heard],
    second: list[Heard],
    first_times: list[Fraction],
    second_times: list[Fraction],
    findings: _Findings,
) -> Fraction | None:
    """Compare where each track starts and ends, seen from the first frame; give the largest offset."""
    first, second = (_known(tracks, which, findings) for which, tracks in (("first", first), ("second", second)))
    if len(first) != len(second):
        findings.differences.append(f"sound tracks: {len(first)} against {len(second)}")
    if not (first_times and second_times):
        return None
    offsets = []
    for number, (one, other) in enumerate(zip(first, second, strict=False)):
        if one.start is None or other.start is None:
            continue
        encoded = one.codec != other.codec  # then gaps are silence, and overlaps are cut off
        padding = max(one.block, other.block) if encoded else Fraction(0)
        length = one.span if encoded else one.length
        if one.overlap > one.span / 10 and encoded:
            findings.differences.append(
                f"sound track {number} of the first file lies over itself: its times are wrong"
            )
        started = (other.start - second_times[0]) - (one.start - first_times[0])
        ended = (other.end - second_times[0]) - (one.end - first_times[0])
        offsets.append(abs(started))
        for what, by, allowed in (
            ("starts", started, SOUND_LIMIT),
            ("ends", ended, SOUND_LIMIT + padding),
            ("lasts", other.length - length, SOUND_LIMIT + padding),
        ):
            if abs(by) > allowed:
                findings.differences.append(f"sound track {number} {what} {_later(by, what)}")
        between = one.moved(other) - (second_times[0] - first_times[0])
        if not encoded and abs(between) > SOUND_LIMIT:
            findings.differences.append(f"sound track {number} is heard {_later(between, 'is')} in its middle")
    return max(offsets, default=None)


def _pictures(seen: Lockstep, min_psnr: float, exact: bool, findings: _Findings) -> None:
    findings.differences += seen.differences
    findings.notes += seen.notes
    for rank, other in seen.misplaced[:_SHOWN]:
        findings.differences.append(f"frame {rank} looks like frame {other} of the first file")
    if len(seen.misplaced) > _SHOWN:
        findings.differences.append(f"... {len(seen.misplaced)} frames in all look like a neighbour")
    if seen.mean_psnr is not None and seen.mean_psnr < min_psnr:
        findings.differences.append(f"mean PSNR: {seen.mean_psnr:.2f} dB, under the limit of {min_psnr:g} dB")
    if exact:
        if len(set(seen.formats)) > 1:
            findings.differences.append(f"pixel format: {' against '.join(seen.formats)}")
        if seen.identical < seen.compared:
            differ = seen.compared - seen.identical
            findings.differences.append(f"{differ} of {seen.compared} frames are not identical, first {seen.unlike}")


def _seconds(time: Fraction) -> str:
    return f"{float(time):.6f} s"


def _later(by: Fraction, what: str) -> str:
    words = ("longer", "shorter") if what == "lasts" else ("later", "earlier")
    return f"{abs(float(by)) * 1000:.3f} ms {words[by < 0]}"
