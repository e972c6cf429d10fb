"""The proof fails for each kind of wrong content, made here on purpose."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from media_ops.errors import ProofFailed, SegmentsDisagree, SourceChanged
from media_ops.frames.indexing import build_index
from media_ops.frames.reader import FrameReader
from media_ops.model import AudioResult, Part, Plan, SegmentResult
from media_ops.requests import ProbeResult
from media_ops.storage import open_store
from media_ops.storage.proved import proof_path
from tests.everyday import ordinarily
from tests.media.conftest import Job

Clip = Callable[[str], Path]


@pytest.fixture(scope="module")
def finished(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A job with three finished segments and its sound, ready to be merged; never changed."""
    work = Job(clip("plain.mp4"), tmp_path_factory.mktemp("finished") / "job")
    probed = work.probe()
    plan = work.plan(probed, segments=3)
    results = [work.segment(plan, n) for n in range(3)]
    return work, probed, plan, results, work.audio()


@pytest.fixture
def prepared(finished: Any, tmp_path: Path) -> Any:
    """A copy of it, to be spoiled."""
    work, probed, plan, results, audio = finished
    copy = Path(shutil.copytree(work.folder, tmp_path / "job"))
    return dataclasses.replace(work, folder=copy), probed, plan, list(results), audio


Prepared = tuple[Any, ProbeResult, Plan, list[SegmentResult], AudioResult]


def test_an_honest_job_passes(prepared: Prepared) -> None:
    work, probed, plan, results, audio = prepared
    proof = work.merge(probed, plan, results, audio, verify="full").proof
    assert (proof.frames_in, proof.frames_out, proof.pts_mismatches) == (200, 200, 0)
    assert proof.frames_compared == 200
    assert proof.av_offset_ms == 0.0
    assert [joint.frames_compared for joint in proof.joints] == [25, 25]


def reencoded(
    work: Any, plan: Plan, order: int, shown: Callable[[list[int]], list[int]]
) -> Callable[..., SegmentResult]:
    """Encode segment `order` again with other pictures at its times, under the signatures of the right ones."""

    def spoil(result: SegmentResult) -> SegmentResult:
        store = open_store(work.store)
        segment = plan.segments[order]
        index = build_index(work.source)
        pictures = {rank: frame for rank, frame in FrameReader(work.source, index.rows(segment.start, segment.end))}
        wrong = shown(list(range(segment.start, segment.end)))
        path = work.folder / "spoiled.nut"
        honest = store.path(result.key)
        with av.open(str(path), "w", format="nut") as output, av.open(str(honest)) as original:
            template = original.streams.video[0]
            options = {"preset": "ultrafast", "crf": "23", "x264-params": "stitchable=1"}
            stream = output.add_stream("libx264", rate=25, options=options)
            stream.width, stream.height, stream.pix_fmt = template.width, template.height, "yuv420p"
            stream.codec_context.time_base = stream.time_base = index.facts.time_base
            stream.codec_context.thread_count = 1
            stream.codec_context.flags |= av.codec.context.Flags.global_header
            base = int(index.frame_pts[segment.start])
            for place, rank in enumerate(wrong):
                copy = av.VideoFrame.from_ndarray(pictures[rank].to_ndarray(), format="yuv420p")
                copy.pts = int(index.frame_pts[segment.start + place]) - base
                copy.time_base = index.facts.time_base
                output.mux(stream.encode(copy))
            output.mux(stream.encode(None))
        return stored(work, result, path)

    return spoil


def stored(work: Any, result: SegmentResult, path: Path) -> SegmentResult:
    """Put a spoiled file in the segment's place, so well that only its content can betray it."""
    import hashlib

    data = path.read_bytes()
    open_store(work.store).put("job/spoiled", data)
    part = Part(key="job/spoiled", size=len(data), sha256=hashlib.sha256(data).hexdigest())
    kept = [one for one in result.parts if one.key != result.key]
    return result.model_copy(update={"key": part.key, "parts": [*kept, part]})


def swapped(a: int, b: int) -> Callable[[list[int]], list[int]]:
    def change(ranks: list[int]) -> list[int]:
        ranks[a], ranks[b] = ranks[b], ranks[a]
        return ranks

    return change


def repeated(at: int) -> Callable[[list[int]], list[int]]:
    return lambda ranks: [*ranks[:at], ranks[at - 1], *ranks[at + 1 :]]


def dropped(at: int) -> Callable[[list[int]], list[int]]:
    """Leave one out and repeat the last, so that the count is right."""
    return lambda ranks: [*ranks[:at], *ranks[at + 1 :], ranks[-1]]


WRONG = {
    "swapped": (swapped(2, 3), swapped(33, 34)),
    "repeated": (repeated(4), repeated(34)),
    "dropped": (dropped(-6), dropped(34)),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_pictures_at_a_joint_fail_by_default(prepared: Prepared, kind: str) -> None:
    work, probed, plan, results, audio = prepared
    results[1] = reencoded(work, plan, 1, WRONG[kind][0])(results[1])
    with pytest.raises(ProofFailed, match="wrong content"):
        work.merge(probed, plan, results, audio)
    assert not work.output.exists()


@pytest.mark.parametrize("kind", ordinarily(WRONG, "swapped"))
def test_wrong_pictures_in_mid_segment_fail_under_full(prepared: Prepared, kind: str) -> None:
    work, probed, plan, results, audio = prepared
    results[1] = reencoded(work, plan, 1, WRONG[kind][1])(results[1])
    with pytest.raises(ProofFailed, match="wrong content"):
        work.merge(probed, plan, results, audio, verify="full")
    assert not work.output.exists()


def test_segments_of_each_others_content_fail(prepared: Prepared) -> None:
    """Two segments of the same length swap their files."""
    work, probed, _, _, audio = prepared
    plan = work.plan(probed, segments=4)
    results = [work.segment(plan, n) for n in range(4)]
    assert len({r.end - r.start for r in results}) == 1
    parts = [part for result in results[1:3] for part in result.parts]
    keys = [result.key for result in results[1:3]]
    for number, key in zip((1, 2), reversed(keys), strict=True):
        results[number] = results[number].model_copy(update={"key": key, "parts": parts})
    with pytest.raises(ProofFailed, match="wrong content"):
        work.merge(probed, plan, results, audio)


@pytest.mark.parametrize("kind", ["missing", "repeated"])
def test_a_segment_with_a_packet_too_few_or_too_many_is_refused(prepared: Prepared, kind: str) -> None:
    work, probed, plan, results, audio = prepared
    path = work.folder / "spoiled.nut"
    with av.open(str(open_store(work.store).path(results[1].key))) as original:
        stream = original.streams.video[0]
        packets = [packet for packet in original.demux(stream) if packet.size]
        with av.open(str(path), "w", format="nut") as output:
            copy = output.add_stream_from_template(stream)
            for number, packet in enumerate(packets):
                if (kind, number) == ("missing", 40):
                    continue
                again = av.Packet(bytes(packet))
                again.pts, again.dts, again.time_base = packet.pts, packet.dts, packet.time_base
                packet.stream = again.stream = copy
                output.mux(packet)
                if (kind, number) == ("repeated", 40):
                    again.pts, again.dts = (packet.pts or 0) + 1, (packet.dts or 0) + 1
                    output.mux(again)
    results[1] = stored(work, results[1], path)
    with pytest.raises(SegmentsDisagree, match="frames instead of"):
        work.merge(probed, plan, results, audio)


def test_a_segment_encoded_with_other_settings_is_refused(prepared: Prepared) -> None:
    work, probed, plan, results, audio = prepared
    results[1] = work.segment(plan, 1, preset="medium")
    with pytest.raises(SegmentsDisagree, match="codec_config"):
        work.merge(probed, plan, results, audio)


def test_a_stored_segment_that_was_damaged_is_made_once_more(prepared: Prepared) -> None:
    work, probed, plan, results, audio = prepared
    honest = results[1]
    store = open_store(work.store)
    with store.open(results[1].key) as file:
        data = bytearray(file.read())
    data[len(data) // 2] ^= 1
    store.put(results[1].key, bytes(data))
    merged = work.merge(probed, plan, results, audio)
    assert "segment 1 was lost or damaged in the store, and was made once more" in merged.warnings
    assert merged.proof.frames_out == 200
    made = sorted(found.sha256 for found in honest.parts)
    again = [found.key for found in store.list("job/segments/00001/") if found.key.endswith(".nut")]
    assert store.sha256(next(key for key in again if key != honest.key)) in made


def test_sound_moved_by_20_ms_fails(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    from media_ops.container import result as writing

    honest = writing.moved

    def late(packet: Any, stream: Any, shift: Any) -> Any:
        moved: Any = honest(packet, stream, shift)
        moved.pts += round(0.020 / moved.time_base)
        moved.dts += round(0.020 / moved.time_base)
        return moved

    monkeypatch.setattr(writing, "moved", late)
    work, probed, plan, results, audio = prepared
    with pytest.raises(ProofFailed, match=r"20\.000 ms later"):
        work.merge(probed, plan, results, audio)
    assert not work.output.exists()


def test_a_sound_packet_lost_fails(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    from media_ops.container import result as writing

    honest = writing._shifted
    monkeypatch.setattr(writing, "_shifted", lambda *args: itertools.islice(honest(*args), 100))
    work, probed, plan, results, audio = prepared
    with pytest.raises(ProofFailed, match="before the source's"):
        work.merge(probed, plan, results, audio)


def test_a_frame_at_a_wrong_time_fails(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    from media_ops.container.joined import JoinedVideo

    honest = JoinedVideo.packets

    def early(self: JoinedVideo, stream: Any) -> Any:
        for number, packet in enumerate(honest(self, stream)):
            if number == 70:
                packet.pts = (packet.pts or 0) + 1
            yield packet

    monkeypatch.setattr(JoinedVideo, "packets", early)
    work, probed, plan, results, audio = prepared
    with pytest.raises(ProofFailed, match="stands at"):
        work.merge(probed, plan, results, audio)


@pytest.mark.parametrize("at", ordinarily([2, 196], 196))
def test_wrong_pictures_of_a_job_in_one_piece_fail_by_default(prepared: Prepared, at: int) -> None:
    work, probed, _, _, audio = prepared
    plan = work.plan(probed, segments=1)
    honest = work.segment(plan, 0)
    assert work.merge(probed, plan, [honest], audio).proof.frames_compared == 36
    work.output.unlink()
    spoiled = reencoded(work, plan, 0, swapped(at, at + 1))(honest)
    with pytest.raises(ProofFailed, match="wrong content"):
        work.merge(probed, plan, [spoiled], audio)
    assert not work.output.exists()


def test_a_lossless_result_that_differs_in_one_sample_fails(clip: Clip, job: Callable[..., Any]) -> None:
    """One pixel in the middle of a segment, where nothing is decoded in other jobs; its cell's mean hardly moves."""
    work = job(clip("silent.mp4"), params={"preset": "ultrafast", "lossless": True})
    probed = work.probe()
    plan = work.plan(probed, segments=2)
    results = [work.segment(plan, number) for number in range(2)]
    assert work.merge(probed, plan, results, None).proof.lossless_digest
    path, honest = work.folder / "spoiled.nut", open_store(work.store).path(results[1].key)
    with av.open(str(honest)) as original, av.open(str(path), "w", format="nut") as output:
        given = original.streams.video[0]
        options = {"preset": "ultrafast", "qp": "0", "x264-params": "stitchable=1"}
        stream: Any = output.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = given.width, given.height, "yuv420p"
        stream.codec_context.time_base = stream.time_base = given.time_base
        stream.codec_context.thread_count = 1
        stream.codec_context.flags |= av.codec.context.Flags.global_header
        for number, frame in enumerate(original.decode(given)):
            picture = frame.to_ndarray()
            if number == 25:
                picture[60, 60] ^= 1
            copy = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            copy.pts, copy.time_base = frame.pts, frame.time_base
            output.mux(stream.encode(copy))
        output.mux(stream.encode(None))
    results[1] = stored(work, results[1], path)
    with pytest.raises(ProofFailed, match=f"frame {plan.segments[1].start + 25} is not bit-identical"):
        work.merge(probed, plan, results, None)


def test_a_source_changed_before_the_merge_is_noticed(prepared: Prepared) -> None:
    work, probed, plan, results, audio = prepared
    copy = work.folder / "copy.mp4"
    copy.write_bytes(work.source.read_bytes())
    work.source = copy
    with pytest.raises(SourceChanged, match="changed while it was worked on"):
        work.merge(probed, plan, results, audio)
    assert not work.output.exists()
    assert not proof_path(work.output).exists()
