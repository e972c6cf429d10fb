"""Whether a job's result is what one run over the whole file would have given; nothing here touches media."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from media_ops.account import Account, Sound
from media_ops.conform.times import shown_elsewhere, spread, times_differ
from media_ops.model import Track

SOUND_LIMIT = Fraction(1, 1000)
MOST_BYTES = 1500 * 10**6
_HD = 1920 * 1080


@dataclass(frozen=True)
class Seen:
    """A account with the PTS and the digest of every frame, in the order of presentation."""

    account: Account
    times: list[int | None]
    digests: list[str]

    @classmethod
    def read(cls, account: Account, text: bytes) -> Seen:
        """Take the lines that `witness` and `process` store."""
        pairs = [line.split(" ") for line in text.decode().splitlines()]
        return cls(account, [None if p == "-" else int(p) for p, _ in pairs], [digest for _, digest in pairs])


@dataclass(frozen=True)
class Result:
    """What a job gave. `times` and `digests` are those of the source's frames, as the workers read them.

    An algorithm that makes pictures makes `rate` of each, of another `size` if it says so.
    """

    times: list[int | None]
    digests: list[str]
    output: Seen
    shift: Fraction = Fraction(0)
    sounds: Sequence[Track] = ()
    warnings: Sequence[str] = ()
    peak_bytes: int = 0
    crashes: Sequence[str] = field(default_factory=tuple)
    lossless: bool = False
    rate: int = 1
    size: tuple[int, int] | None = None


def faults(source: Seen, result: Result) -> list[str]:
    """Name everything by which `result` is not exact; nothing when it is."""
    found = [f"a worker crashed: {crash}" for crash in result.crashes[:1]]
    found += _pictures(source, result)
    if not found:
        found += _times(source, result)
    seen = source.account
    if seen.look == "animation" and seen.frames == 1 < seen.frames_beside:
        found.append(f"its still picture was taken instead of its {seen.frames_beside} moving ones")
    found += _tags(source.account, result)
    found += _sound(source, result)
    size = seen.width * seen.height
    if result.peak_bytes > MOST_BYTES and size <= _HD:
        found.append(f"a worker held {result.peak_bytes / 1e9:.2f} GB")
    return found


def _pictures(source: Seen, result: Result) -> list[str]:
    wanted, given = source.digests, result.digests
    if len(wanted) != len(given):
        return [f"{len(given)} frames were worked on, a whole decode gives {len(wanted)}"]
    wrong = [rank for rank, (a, b) in enumerate(zip(wanted, given, strict=True)) if a != b]
    if wrong:
        first = wrong[0]
        other = next((rank for rank, digest in enumerate(wanted) if digest == given[first]), None)
        is_other = f", but frame {other}" if other is not None else ""
        return [f"{len(wrong)} of {len(wanted)} frames are not those of a whole decode, first {first}{is_other}"]
    output, count = result.output.account, len(wanted) * result.rate
    counts = (output.frames, output.packets)
    if counts != (count, count):
        due = f", {result.rate} of each are due" if result.rate > 1 else ""
        return [
            f"the result holds {counts[1]} packets that give {counts[0]} frames, the source {len(wanted)} frames{due}"
        ]
    if output.faults:
        return [f"the result cannot be decoded without errors: {output.first_fault}"]
    if result.lossless and output.pixel_format == source.account.pixel_format and result.output.digests != wanted:
        return ["the result was to be lossless, but its frames are not the source's bit by bit"]
    return []


def _times(source: Seen, result: Result) -> list[str]:
    given = [time for time in result.times if time is not None]
    if len(given) != len(result.times):
        return ["frames without a time were worked on"]
    problem = times_differ(source.account, source.times, given)
    if problem:
        return [problem]
    clock, shown = Fraction(source.account.time_base), Fraction(result.output.account.time_base)
    if None in result.output.times:
        return ["the result has frames without a time"]
    found = [time * shown for time in result.output.times if time is not None]
    expected = spread([time * clock + result.shift for time in given], result.rate)
    problem = shown_elsewhere(expected, found[: len(expected)], shown)
    return [problem] if problem else []


def _tags(source: Account, result: Result) -> list[str]:
    made, found = result.output.account, []
    names = ("primaries", "transfer", "matrix", "range")
    for name, wanted, told, got in zip(
        names, _colour(source), source.colour_by_container, _colour(made), strict=True
    ):
        # VP8's decoder calls every matrix BT.601, whatever the container says: either is the source's.
        if got not in (wanted, told) and not (source.rgb and name in ("matrix", "range")):
            found.append(f"colour {name} became {got} instead of {wanted}")
    pairs = {
        "picture size": (result.size or (source.width, source.height), (made.width, made.height)),
        "sample aspect": (Fraction(source.sample_aspect), Fraction(made.sample_aspect)),
        "turning and mirroring": (source.display_matrix, made.display_matrix),
    }
    found += [f"{what} became {got} instead of {wanted}" for what, (wanted, got) in pairs.items() if wanted != got]
    said = " ".join(result.warnings).lower()
    for name, data in source.side_data.items():
        kept = made.side_data.get(name)
        if kept != data and not (kept is None and name.lower() in said):
            found.append(f"{name} became {kept or 'nothing, and no warning names it'} instead of {data}")
    return found


def _colour(seen: Account) -> tuple[int, int, int, int]:
    """Give the tags; a stream that says nothing of its range is limited, unless its format is a full-range twin."""
    full = seen.colour[3] == 2 or seen.pixel_format.startswith("yuvj")
    return (*seen.colour[:3], 2 if full else 1)


def _sound(source: Seen, result: Result) -> list[str]:
    if source.account.deaf or result.output.account.deaf:
        return []
    by_index = {sound.index: sound for sound in source.account.sounds}
    kept = [track for track in result.sounds if track.action != "drop"]
    dropped = by_index.keys() - {track.index for track in kept}
    found = [f"sound track {index} is missing" for index in sorted(dropped) if by_index[index].start is not None]
    made = result.output.account.sounds
    if len(made) != len(kept):
        return [*found, f"the result has {len(made)} sound tracks instead of {len(kept)}"]
    for track, sound in zip(kept, made, strict=True):
        found += _moved(by_index[track.index], sound, result.shift)
    return found


def _moved(wanted: Sound, made: Sound, shift: Fraction) -> list[str]:
    if wanted.start is None or made.start is None:
        return [] if wanted.start is made.start else [f"sound track {wanted.index}: only one of the two can be heard"]
    padding = max(Fraction(wanted.block), Fraction(made.block)) if wanted.codec != made.codec else Fraction(0)
    found = []
    for what, before, after, allowed in (
        ("starts", wanted.start, made.start, SOUND_LIMIT),
        ("ends", wanted.end, made.end, SOUND_LIMIT + padding),
    ):
        if before is None or after is None:
            continue
        by = Fraction(after) - Fraction(before) - shift
        if abs(by) > allowed:
            later = "later" if by > 0 else "earlier"
            found.append(f"sound track {wanted.index} {what} {abs(float(by)) * 1000:.3f} ms {later}")
    return found
