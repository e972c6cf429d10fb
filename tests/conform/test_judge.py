"""A result that differs in anything is wrong; the judge is shown each kind of spoiling by itself."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from media_ops.account import Account, Sound
from media_ops.conform.judge import Result, Seen, faults
from media_ops.conform.times import times_differ
from media_ops.model import Track

FRAMES = 10
DIGESTS = [f"digest-{number}" for number in range(FRAMES)]
TIMES: list[int | None] = [number * 3 for number in range(FRAMES)]
MASTERING = {"mastering display": "colours [1], luminance [2]", "HDR10+": "there"}


def told(**changes: Any) -> Account:
    values: dict[str, Any] = {
        "look": "video",
        "container": "mov,mp4,m4a,3gp,3g2,mj2",
        "codec": "h264",
        "time_base": "1/75",
        "step": "1/25",
        "width": 640,
        "height": 360,
        "pixel_format": "yuv420p",
        "colour": (9, 16, 9, 1),
        "frames": FRAMES,
        "packets": FRAMES,
        "side_data": MASTERING,
        "sounds": [Sound(index=1, codec="aac", start="0", end="1", length="1", block="1/50")],
    }
    return Account(**(values | changes))


def source(**changes: Any) -> Seen:
    return Seen(told(**changes), list(TIMES), list(DIGESTS))


def output(**changes: Any) -> Seen:
    return Seen(told(**changes), list(TIMES), ["encoded"] * FRAMES)


def result(**changes: Any) -> Result:
    copied = (Track(index=1, kind="audio", action="copy"),)
    return replace(Result(list(TIMES), list(DIGESTS), output(), sounds=copied), **changes)


def swapped(values: list[Any]) -> list[Any]:
    return [*values[:4], values[5], values[4], *values[6:]]


def test_what_is_the_same_is_right() -> None:
    assert faults(source(), result()) == []


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [
        (result(digests=swapped(DIGESTS)), r"2 of 10 frames .* first 4, but frame 5"),
        (result(digests=[*DIGESTS[:4], "other", *DIGESTS[5:]]), r"1 of 10 frames .* first 4$"),
        (result(digests=DIGESTS[:-1], times=TIMES[:-1]), "9 frames were worked on"),
        (result(times=[*TIMES[:4], 13, *TIMES[5:]]), r"frame 4 is given 0\.173333 s, a whole decode says 0\.160000"),
        (result(times=[None, *TIMES[1:]]), "frames without a time were worked on"),
        (result(output=output(frames=9)), "10 packets that give 9 frames"),
        (result(output=output(packets=11)), "11 packets that give 10 frames"),
        (result(output=output(faults=1, first_fault="packet 3")), "without errors: packet 3"),
        (result(output=replace(output(), times=[*TIMES[:9], 28])), "frame 9 of the result stands at 0.373333"),
        (result(output=replace(output(), times=[*TIMES[:9], None])), "the result has frames without a time"),
        (result(lossless=True), "its frames are not the source's bit by bit"),
        (result(shift=Fraction(1, 75)), "frame 0 of the result stands at 0.000000 s instead of 0.013333"),
        (result(output=output(colour=(1, 16, 9, 1))), "colour primaries became 1 instead of 9"),
        (result(output=output(colour=(9, 16, 9, 2))), "colour range became 2 instead of 1"),
        (result(output=output(pixel_format="yuvj420p")), "colour range became 2 instead of 1"),
        (result(output=output(width=642)), "picture size"),
        (result(output=output(sample_aspect="4/3")), "sample aspect"),
        (result(output=output(display_matrix=(1,) * 9)), "turning and mirroring"),
        (result(output=output(side_data={"HDR10+": "there"})), "mastering display became nothing"),
        (
            result(output=output(side_data=MASTERING | {"mastering display": "other"})),
            "mastering display became other",
        ),
        (result(sounds=()), "sound track 1 is missing"),
        (result(output=output(sounds=[])), "0 sound tracks instead of 1"),
        (result(peak_bytes=1_600_000_000), "held 1.60 GB"),
        (result(crashes=("process: SIGSEGV",)), "a worker crashed: process: SIGSEGV"),
    ],
)
def test_what_differs_is_wrong(spoilt: Result, words: str) -> None:
    found = faults(source(), spoilt)
    assert found != []
    assert re.search(words, "; ".join(found)), found


@pytest.mark.parametrize(
    ("sound", "words"),
    [
        (Sound(index=0, codec="aac", start="2/1000", end="1", length="1"), "starts 2.000 ms later"),
        (Sound(index=0, codec="aac", start="0", end="998/1000", length="1"), "ends 2.000 ms earlier"),
        (Sound(index=0, codec="aac"), "only one of the two can be heard"),
    ],
)
def test_sound_that_moved(sound: Sound, words: str) -> None:
    assert words in "; ".join(faults(source(), result(output=output(sounds=[sound]))))


def test_what_is_allowed() -> None:
    late = [Sound(index=0, codec="aac", start="1/1000", end="1001/1000", length="1")]
    assert faults(source(), result(output=output(sounds=late))) == []
    encoded = [Sound(index=0, codec="opus", start="0", end="1015/1000", length="1", block="1/50")]
    assert faults(source(), result(output=output(sounds=encoded))) == []
    assert faults(source(), result(lossless=True, output=replace(output(), digests=DIGESTS))) == []
    named = result(output=output(side_data={}), warnings=["mastering display is dropped", "HDR10+ data is dropped"])
    assert faults(source(), named) == []
    rgb = source(rgb=True, colour=(9, 16, 0, 2), side_data={})
    assert faults(rgb, result(output=output(side_data={}))) == []
    moved = replace(
        output(sounds=[Sound(index=0, codec="aac", start="1/25", end="26/25")]), times=[3, *TIMES[2:], 30]
    )
    assert faults(source(), result(output=moved, shift=Fraction(1, 25))) == []
    assert (
        faults(source(width=3840, height=2160), result(output=output(width=3840, height=2160), peak_bytes=2 * 10**9))
        == []
    )


def test_container_and_decoder_may_disagree_on_colour() -> None:
    vp8 = source(colour=(9, 16, 5, 1), colour_by_container=(9, 16, 1, 1))
    assert [bool(faults(vp8, result(output=output(colour=(9, 16, m, 1))))) for m in (5, 1, 6)] == [False, False, True]


def test_an_animation_of_which_only_the_still_was_taken() -> None:
    still = {"look": "animation", "frames": 1, "packets": 1, "sounds": [], "side_data": {}}
    made = Result([0], ["a"], Seen(told(**still), [0], ["b"]))
    assert faults(Seen(told(**still), [0], ["a"]), made) == []
    words = faults(Seen(told(**still, frames_beside=5), [0], ["a"]), made)
    assert words == ["its still picture was taken instead of its 5 moving ones"]


def test_matroska_counts_milliseconds() -> None:
    # Halves go away from 0, as its muxer rounds: 4.5 ms is 5.
    exact = Seen(told(time_base="1/2000", side_data={}, sounds=[]), [0, 9], ["a", "b"])
    counts = {"frames": 2, "packets": 2, "time_base": "1/1000", "side_data": {}, "sounds": []}
    for shown, right in ((5, True), (4, False)):
        made = Result([0, 9], ["a", "b"], Seen(told(**counts), [0, shown], ["x", "y"]))
        assert (faults(exact, made) == []) is right


@pytest.mark.parametrize(
    ("container", "given", "words"),
    [
        ("avi", [0, 1, 2, 3], None),
        ("avi", [0, 1, 3, 4], None),
        ("h264", [0, 1, 3, 4], "frame 2 follows after 2 ticks"),
        ("avi", [0, 1, 1, 2], "do not increase"),
        ("avi", [0, 2, 1, 3], "do not increase"),
        ("avi", [0, 7, 14, 21], "7 ticks each instead of 1"),
        ("avi", [0, 1, 2, 90], "cover 90 ticks"),
    ],
)
def test_containers_without_pts_must_be_steady(container: str, given: list[int], words: str | None) -> None:
    film = told(container=container, time_base="1/25", step="1/25", dts_span=3)
    found = times_differ(film, [5, 5, 5, 5], given)
    assert found is None if words is None else words in str(found)


def test_frames_whose_time_nobody_knows_follow_one_another() -> None:
    film = told()
    assert times_differ(film, [0, None, 6], [0, 3, 6]) is None
    assert "frame 1, whose time" in str(times_differ(film, [0, None, 6], [0, 0, 6]))


def test_a_doubled_rate_is_spread_evenly() -> None:
    from fractions import Fraction

    from media_ops.conform.times import spread

    assert spread([Fraction(0), Fraction(2), Fraction(6)], 2) == [0, 1, 2, 4, 6]
    assert spread([Fraction(0), Fraction(3)], 1) == [0, 3]
    assert spread([], 2) == []
    found = faults(source(), result(rate=2))
    assert "2 of each are due" in found[0]
    assert "picture size" in "; ".join(faults(source(), result(size=(8, 8))))
