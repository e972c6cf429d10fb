from typing import Any

import pytest

from media_ops.errors import SegmentsDisagree
from media_ops.model import Plan, Segment, SegmentResult, Slicing, Versions
from media_ops.seams import check_seams

EDGES = [0, 10, 20, 30]
VERSIONS = Versions(wheel="av 1", libavcodec="1", encoder="x264")


def plan() -> Plan:
    segments = [
        Segment(order=n, start=a, end=b, first=a, last=b, label="", rows="")
        for n, (a, b) in enumerate(zip(EDGES, EDGES[1:], strict=False))
    ]
    return Plan(frames=30, slicing=Slicing(used=True, segments=3), segments=segments)


def result(order: int, **changes: Any) -> SegmentResult:
    start, end = EDGES[order], EDGES[order + 1]
    values: dict[str, Any] = {
        "order": order,
        "start": start,
        "end": end,
        "trace_id": "t",
        "key": "k",
        "parts": [],
        "signatures": "g",
        "fingerprints": {rank: f"frame {rank}" for rank in (start - 1, start, end - 1, end) if 0 <= rank < 30},
        "codec_config": "c",
        "versions": VERSIONS,
    }
    return SegmentResult(**values | changes)


def test_agreeing_segments_give_their_joints() -> None:
    assert [joint.rank for joint in check_seams(plan(), [result(n) for n in range(3)])] == [10, 20]


def test_the_frame_before_a_start_need_not_have_been_decoded() -> None:
    results = [result(0), result(1, fingerprints={10: "frame 10", 19: "frame 19", 20: "frame 20"}), result(2)]
    assert len(check_seams(plan(), results)) == 2


@pytest.mark.parametrize(
    ("spoiled", "words"),
    [
        ([result(0), result(2), result(1)], "planned segments"),
        ([result(0), result(1)], "planned segments"),
        ([result(0), result(1, end=19), result(2)], "planned segments"),
        ([result(0), result(1, codec_config="other"), result(2)], "codec_config"),
        ([result(0), result(1, versions=VERSIONS.model_copy(update={"encoder": "x265"})), result(2)], "versions"),
        ([result(0, fingerprints={0: "frame 0", 10: "frame 9"}), result(1), result(2)], "frame 10"),
        ([result(0, fingerprints={0: "frame 0"}), result(1), result(2)], "frame 10"),
        ([result(0), result(1, fingerprints={9: "frame 8", 10: "frame 10", 20: "frame 20"}), result(2)], "frame 9"),
    ],
)
def test_disagreeing_segments_are_refused(spoiled: list[SegmentResult], words: str) -> None:
    with pytest.raises(SegmentsDisagree, match=words):
        check_seams(plan(), spoiled)
