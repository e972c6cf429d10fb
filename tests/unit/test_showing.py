"""When a joint shows: by PSNR of the frames beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from media_ops.errors import SeamShows
from media_ops.model import JointProof, Proof, SegmentResult, Versions
from media_ops.showing import drop, scored, showing

Side = list[tuple[float, float]]
WINDOW = 12
# What x264 gives: key frames and those that others refer to lie above the rest.
USUAL = [41.0, 39.2, 39.0, 40.1, 39.1, 39.3, 40.2, 39.0, 39.1, 40.0, 39.2, 39.4]


def side(luma: list[float], planes: list[float] | None = None) -> Side:
    return list(zip(luma, planes or luma, strict=True))


def spoilt(by: float, *places: int, values: list[float] = USUAL) -> list[float]:
    return [value - by * (place in places) for place, value in enumerate(values)]


def test_frames_like_their_neighbours_do_not_show() -> None:
    assert drop(side(USUAL), side(USUAL), goes_on=True) == pytest.approx(0.1)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("second", [False, True])
def test_one_bad_frame_on_either_side_shows(place: int, second: bool) -> None:
    bad, good = side(spoilt(6, place)), side(USUAL)
    found = drop(good if second else bad, bad if second else good, goes_on=False)
    assert found == pytest.approx(39.1 - USUAL[place] + 6)


def test_a_bad_frame_further_away_is_not_the_joints() -> None:
    assert drop(side(spoilt(6, 5)), side(USUAL), goes_on=False) < 1


def test_bad_chroma_shows() -> None:
    planes = side(USUAL, spoilt(6, 1))
    assert drop(planes, side(USUAL), goes_on=False) > 5


def test_a_side_that_is_bad_altogether_shows_where_the_picture_goes_on() -> None:
    bad = side([value - 6 for value in USUAL])
    assert drop(bad, side(USUAL), goes_on=True) > 5
    assert drop(side(USUAL), bad, goes_on=True) > 5
    assert drop(side(USUAL), bad, goes_on=False) < 1


def test_what_is_better_than_anybody_sees_does_not_show() -> None:
    black, key = [100.0] * WINDOW, [52.0, 60.0, *[100.0] * 10]
    assert drop(side(black), side(key), goes_on=True) == 0


def result(order: int, ends: dict[int, tuple[float, float]], **more: object) -> SegmentResult:
    return SegmentResult(
        order=order,
        start=100 * order,
        end=100 * order + 100,
        trace_id="t",
        key="k",
        parts=[],
        signatures="s",
        fingerprints={},
        codec_config="c",
        versions=Versions(wheel="", libavcodec="", encoder=""),
        **more,
    ).model_copy(update={"ends": ends})


def ends(first: list[float], last: list[float]) -> dict[int, tuple[float, float]]:
    return {n: (v, v) for n, v in enumerate(first)} | {-1 - n: (v, v) for n, v in enumerate(last)}


def joint(rank: int) -> JointProof:
    return JointProof(rank=rank, fingerprint="f", frames_compared=24)


def moving(change_at: int | None = None) -> NDArray[np.uint16]:
    """Signatures of a picture that brightens by one step a frame, and becomes another one at a rank."""
    steps = 256 * np.arange(200)[:, None, None] * np.ones((1, 9, 16), np.int64)
    if change_at is not None:
        steps[change_at:] = 256 * 250 - steps[change_at:]
    return steps.astype(np.uint16)


def test_the_nearest_frames_are_told_in_their_order() -> None:
    left = result(0, ends(USUAL, [1.0, 2.0, 3.0, *USUAL[3:]]))
    right = result(1, ends([4.0, 5.0, 6.0, *USUAL[3:]], USUAL))
    (found,) = scored([joint(100)], [left, right], moving())
    assert found.seam_psnr == [3.0, 2.0, 1.0, 4.0, 5.0, 6.0]
    assert found.drop_db == pytest.approx(38.1)


@pytest.mark.parametrize(("change_at", "shows"), [(None, True), (100, False)])
def test_another_scene_may_have_another_quality(change_at: int | None, shows: bool) -> None:
    worse = [value - 6 for value in USUAL]
    results = [result(0, ends(USUAL, USUAL)), result(1, ends(worse, worse))]
    (found,) = scored([joint(100)], results, moving(change_at))
    assert found.drop_db is not None
    assert (found.drop_db > 4) == shows


@pytest.mark.parametrize(
    "right",
    [
        result(1, {}),
        result(1, ends(USUAL[:7], USUAL[:7])),
        result(1, ends(USUAL, USUAL), fades={"in": "k"}),
    ],
    ids=["not measured", "too few frames", "fades"],
)
def test_of_some_joints_nothing_is_known(right: SegmentResult) -> None:
    (found,) = scored([joint(100)], [result(0, ends(USUAL, USUAL)), right], moving())
    assert (found.seam_psnr, found.drop_db) == ([], None)


def proof(drops: list[float | None], seams: str) -> Proof:
    """One that says nothing but this."""
    joints = [
        JointProof(rank=100 * n + 100, fingerprint="f", frames_compared=24, drop_db=drop)
        for n, drop in enumerate(drops)
    ]
    said: dict[str, Any] = {"joints": joints, "seams": seams, "seam_limit_db": None if seams == "off" else 4.0}
    return Proof.model_construct(**said)


def test_a_job_may_warn_fail_or_not_look() -> None:
    drops = [None, 3.9, 4.1, 9.0]
    said = "the joint at frame 300 shows: a frame beside it lies 4.1 dB under its neighbours"
    warnings = showing(proof(drops, "warn"))
    assert len(warnings) == 2
    assert warnings[0] == said
    assert showing(proof(drops, "off")) == []
    assert showing(proof(drops[:2], "fail")) == []
    with pytest.raises(SeamShows, match=f"{said}, more than the 4 dB .* \\(2 of 4 joints do\\)") as failure:
        showing(proof(drops, "fail"))
    assert failure.value.rule == "seam-shows"
