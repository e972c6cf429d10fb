"""The law in its smallest form: any range of any source, read from an entry, is what a whole decode gives."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media_ops.errors import FrameLost
from media_ops.frames.fingerprint import fingerprint
from media_ops.frames.index import FrameIndex, Rows
from media_ops.frames.indexing import build_index
from media_ops.frames.reader import FrameReader

Clip = Callable[[str], Path]
CLIPS = [
    "plain.mp4",
    "vfr.mp4",
    "open_gop.mp4",
    "intra_refresh.mp4",
    "hevc_cra.mp4",
    "mpeg2.ts",
    "h264.ts",
    "mpeg4.avi",
    "h264.avi",
    "vp9.webm",
    "single_key.mp4",
    "fragmented.mp4",
    "raw.264",
    "pcm.mov",
    "ten_bit.mkv",
    "one_frame.mp4",
]


def decoded(path: Path) -> list[tuple[int | None, str]]:
    """PTS and digest of every frame of a plain decode from beginning to end."""
    with av.open(str(path)) as container:
        return [(frame.pts, fingerprint(frame)) for frame in container.decode(video=0)]


@pytest.mark.parametrize("name", CLIPS)
def test_any_range_is_what_a_whole_decode_gives(clip: Clip, name: str) -> None:
    path = clip(name)
    whole = decoded(path)
    index = FrameIndex.from_bytes(build_index(path).to_bytes())
    assert index.frames == len(whole)
    if index.built_by == "packets":
        assert index.frame_pts.tolist() == [pts for pts, _ in whole]
    cases = random.Random(name)
    for _ in range(6):
        first = cases.randrange(index.frames)
        last = min(index.frames, first + cases.randrange(1, 30))
        rows = Rows.from_bytes(index.rows(first, last).to_bytes())
        read = [(rank, fingerprint(frame)) for rank, frame in FrameReader(path, rows)]
        assert read == [(rank, whole[rank][1]) for rank in range(first, last)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.sets(st.integers(1, 149), max_size=6))
def test_split_invariance(clip: Clip, cuts: set[int]) -> None:
    """However an open-GOP source is cut, the parts side by side are the whole."""
    path = clip("open_gop.mp4")
    index = build_index(path)
    edges = [0, *sorted(cuts), index.frames]
    parts = [
        fingerprint(frame)
        for first, last in zip(edges, edges[1:], strict=False)
        for _, frame in FrameReader(path, index.rows(first, last))
    ]
    assert parts == whole_digests(path)


DIGESTS: dict[Path, list[str]] = {}


def whole_digests(path: Path) -> list[str]:
    if path not in DIGESTS:
        DIGESTS[path] = [digest for _, digest in decoded(path)]
    return DIGESTS[path]


@pytest.mark.parametrize(
    ("name", "built_by"), [("plain.mp4", "packets"), ("h264.avi", "decoding"), ("raw.264", "decoding")]
)
def test_containers_without_times_are_indexed_by_decoding(clip: Clip, name: str, built_by: str) -> None:
    assert build_index(clip(name)).built_by == built_by


def test_intra_refresh_has_one_entry_only(clip: Clip) -> None:
    assert build_index(clip("intra_refresh.mp4")).entry_ranks().tolist() == [0]


def test_h264_in_avi_keeps_the_frame_rate(clip: Clip) -> None:
    """FFmpeg invents wrong PTS here; the index must count 25 frames a second."""
    index = build_index(clip("h264.avi"))
    times = [pts * index.facts.time_base for pts in index.frame_pts.tolist()]
    assert {b - a for a, b in zip(times, times[1:], strict=False)} == {times[1] - times[0]}
    assert float(times[1] - times[0]) == pytest.approx(0.04)


def test_a_source_that_changed_since_it_was_indexed_is_noticed(clip: Clip) -> None:
    rows = build_index(clip("plain.mp4")).rows(60, 80)
    with pytest.raises(FrameLost, match="did the source change"):
        list(FrameReader(clip("open_gop.mp4"), rows))
