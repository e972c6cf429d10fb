"""Ladders: each file is what its own job makes, key frames stand at the same times, and the manifest comes last."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from media_ops.errors import ProofFailed, SegmentsDisagree
from media_ops.model import Plan, SegmentResult
from media_ops.registry import get
from media_ops.requests import MergeResult, ProbeResult, Reuse
from media_ops.storage import open_store
from tests.everyday import ordinarily
from tests.media.conftest import Job

MakeJob = Callable[..., Job]
H264: dict[str, Any] = {"preset": "ultrafast"}
TWO = [H264 | {"height": 96}, H264 | {"height": 64}]
LADDERS: dict[str, list[dict[str, Any]]] = {
    "sizes": [*TWO, H264],
    "rates": [H264 | {"bitrate": "300k"}, H264 | {"height": 96}, H264 | {"height": 64, "bitrate": "60k"}],
    "codecs": [
        H264,
        {"codec": "h265", "preset": "ultrafast", "bitrate": "100k"},
        {"codec": "av1", "height": 96, "preset": 12},
        {"codec": "av1", "height": 96, "preset": 12, "bitrate": "80k"},
    ],
    "aims": [H264 | {"maxrate": "250k"}, H264 | {"height": 64, "target_psnr": 36}, H264 | {"bitrate": "250k"}],
}
SCENES = "testsrc2=s=192x128:r={rate}:d=3[a];mandelbrot=s=192x128:r={rate},trim=0:3,setpts=PTS-STARTPTS[b];"
SCENES += "[a][b]concat=n=2,{times}format=yuv420p"
UNEVEN = "select='mod(n\\,5)+lt(n\\,30)',setpts='PTS+gt(N\\,37)*lt(N\\,60)*(0.013/TB)',"
SOURCES = {"even": ("30000/1001", "", ".mp4"), "uneven": ("24", UNEVEN, ".mkv")}


@pytest.fixture
def source(film: Callable[..., Path]) -> Callable[[str], Path]:
    def give(name: str) -> Path:
        rate, times, extension = SOURCES[name]
        sound = ["-f", "lavfi", "-i", "sine=300:d=6"]
        coded = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "40", "-fps_mode", "passthrough", "-c:a", "aac"]
        picture = SCENES.format(rate=rate, times=times)
        return film(f"ladder-{name}{extension}", *sound, "-filter_complex", picture, *coded)

    return give


def ladder(job: MakeJob, source: Path, renditions: list[dict[str, Any]], every: float = 1.3, **settings: Any) -> Job:
    params = {"renditions": renditions, "key_seconds": every}
    return job(source, algorithm="ladder", params=params, extension=source.suffix, **settings)


def produced(work: Job, segments: int = 3) -> tuple[ProbeResult, Plan, list[SegmentResult]]:
    probed = work.probe()
    plan = work.plan(probed, segments=segments)
    work.look(plan)
    return probed, plan, [work.segment(plan, number) for number in range(len(plan.segments))]


def merged(work: Job, probed: ProbeResult, plan: Plan, results: list[SegmentResult]) -> MergeResult:
    return work.merge(probed, plan, results, work.audio())


def key_times(path: Path) -> list[Fraction]:
    """Read them by nothing of ours."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        packets = [packet for packet in container.demux(video) if packet.size and packet.is_keyframe]
        assert video.time_base is not None
        return sorted(int(packet.pts or 0) * video.time_base for packet in packets)


def content(path: Path) -> Any:
    """Give all bytes; of Matroska, which numbers every file and track by chance, those of all packets."""
    if path.suffix != ".mkv":
        return path.read_bytes()
    with av.open(str(path)) as container:
        packets = [(packet.stream_index, packet.pts, packet.dts, bytes(packet)) for packet in container.demux()]
        return [(stream.codec.name, stream.codec_context.extradata) for stream in container.streams], packets


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("output*")}


@pytest.mark.parametrize(
    ("name", "times"),
    ordinarily([(name, times) for name in LADDERS for times in SOURCES], ("rates", "even"), ("sizes", "uneven")),
)
def test_each_file_is_what_its_own_job_makes(
    name: str, times: str, source: Callable[[str], Path], job: MakeJob
) -> None:
    work = ladder(job, source(times), LADDERS[name])
    made = work.run(3)
    alone = get("ladder").from_params(work.params).renditions(128)
    assert len(made.outputs) == len(alone) == len(LADDERS[name])
    for path, one in zip(map(Path, made.outputs), alone.values(), strict=True):
        params = one.params.model_dump(mode="json")
        own = job(source(times), algorithm=one.name(), params=params, extension=path.suffix)
        proof = own.run(3).proof
        assert content(path) == content(own.output), path.name
        written = json.loads(Path(f"{path}.proof.json").read_text())
        assert (written["algorithm"], written["params"]) == (proof.algorithm, proof.params)
        assert written["output_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    keys = [key_times(Path(path)) for path in made.outputs]
    assert keys.count(keys[0]) == len(keys)
    assert len(keys[0]) == 5


def test_the_manifest_says_what_there_is(source: Callable[[str], Path], job: MakeJob) -> None:
    film = source("even")
    work = ladder(job, film, TWO)
    made = work.run(3)
    assert made.output == str(work.folder / "output.ladder.json")
    manifest = json.loads(Path(made.output).read_text())
    assert manifest["source_sha256"] == hashlib.sha256(film.read_bytes()).hexdigest()
    times = key_times(Path(made.outputs[0]))
    text = "".join(f"{time}\n" for time in times)
    assert (manifest["key_frames"], manifest["key_seconds"]) == (len(times), "13/10")
    assert manifest["key_digest"] == hashlib.sha256(text.encode()).hexdigest()
    seconds = float(Fraction(manifest["seconds"]))
    assert seconds == pytest.approx(6, abs=0.05)
    for said, path, size in zip(manifest["outputs"], made.outputs, ((144, 96), (96, 64)), strict=True):
        content = Path(path).read_bytes()
        assert (said["file"], said["size"]) == (Path(path).name, len(content))
        assert said["sha256"] == hashlib.sha256(content).hexdigest()
        assert said["bits_per_second"] == round(8 * len(content) / seconds)
        with av.open(path) as container:
            video = container.streams.video[0]
            assert (video.width, video.height) == (said["width"], said["height"]) == size
            picture = [packet.size for packet in container.demux(video)]
        assert said["frames"] == len([packet for packet in picture if packet]) == made.proof.frames_out
        assert said["picture_bits_per_second"] == pytest.approx(8 * sum(picture) / seconds, rel=0.05)


def test_a_segment_is_decoded_once(source: Callable[[str], Path], job: MakeJob) -> None:
    alone = job(source("even"), params=H264 | {"key_seconds": 1.3})
    _, _, once = produced(alone)
    _, _, all_ = produced(ladder(job, source("even"), LADDERS["sizes"]))
    assert [len(result.others) for result in all_] == [2, 2, 2]
    decoded = [result.metrics.frames_decoded for result in all_]
    assert decoded == [result.metrics.frames_decoded for result in once]


def test_a_first_pass_of_several_decodes_once(source: Callable[[str], Path], job: MakeJob) -> None:
    from media_ops.analyse import analyse
    from media_ops.requests import AnalyseRequest

    rated = [H264 | {"height": height, "bitrate": "100k"} for height in (128, 96, 64)]
    decoded = []
    for renditions in (rated, rated[:1]):
        work = ladder(job, source("even"), renditions)
        plan = work.plan(work.probe(), segments=3)
        request = AnalyseRequest(
            source=str(work.source),
            store=work.store,
            prefix="job",
            segment=plan.segments[1],
            algorithm="ladder",
            params=work.params,
            trace_id="look",
        )
        decoded.append(analyse(request, work.folder, lambda done, total: None).metrics.frames_decoded)
    assert decoded[0] == decoded[1] > 0


def test_key_frames_at_other_times_are_noticed_and_nothing_changes(
    source: Callable[[str], Path], job: MakeJob
) -> None:
    work = ladder(job, source("even"), TWO)
    probed, plan, results = produced(work)
    merged(work, probed, plan, results)
    before = files(work.folder)
    assert len(before) == 5
    other = work.segment(plan, 1, key_seconds=0.5)
    spoilt = results[1].model_copy(update={"others": other.others})
    with pytest.raises(ProofFailed, match=r"key frames are wanted every 1\.3 s, and frame .* is a key frame"):
        merged(work, probed, plan, [results[0], spoilt, results[2]])
    assert files(work.folder) == before


def test_a_rendition_that_is_missing_in_a_segment_is_noticed(source: Callable[[str], Path], job: MakeJob) -> None:
    work = ladder(job, source("even"), TWO)
    probed, plan, results = produced(work)
    short = results[1].model_copy(update={"others": []})
    with pytest.raises(SegmentsDisagree):
        merged(work, probed, plan, [results[0], short, results[2]])
    more = results[1].model_copy(update={"others": [*results[1].others, *results[1].others]})
    with pytest.raises(SegmentsDisagree):
        merged(work, probed, plan, [results[0], more, results[2]])
    assert files(work.folder) == {}


def test_what_the_store_lost_of_one_rendition_is_made_once_more(source: Callable[[str], Path], job: MakeJob) -> None:
    work = ladder(job, source("even"), LADDERS["rates"])
    probed, plan, results = produced(work)
    whole = merged(work, probed, plan, results)
    before = {path: Path(path).read_bytes() for path in whole.outputs}
    open_store(work.store).delete(results[1].others[1].key)
    work.folder.joinpath("again").mkdir()
    work.output = work.folder / "again" / "output.mp4"
    again = merged(work, probed, plan, results)
    assert {*again.warnings} - {*whole.warnings} == {
        "64p: segment 1 was lost or damaged in the store, and was made once more"
    }
    assert [Path(path).read_bytes() for path in again.outputs] == list(before.values())


def test_a_plain_job_finds_what_a_ladder_made(source: Callable[[str], Path], job: MakeJob) -> None:
    """And a ladder finds what another one made: only what is new is made."""
    work = ladder(job, source("even"), TWO)
    probed = work.probe()
    plan = work.plan(probed, segments=3)
    work.reuse = Reuse(source_sha256=probed.sha256)
    first = work.segment(plan, 1)
    assert (first.reused, first.metrics.frames_decoded > 0) == (False, True)
    again = work.segment(plan, 1)
    assert (again.reused, again.key, again.metrics.frames_decoded) == (True, first.key, 0)
    assert [other.key for other in again.others] == [other.key for other in first.others]
    params = TWO[1] | {"key_seconds": 1.3}
    alone = job(source("even"), params=params)
    alone.store, alone.reuse = work.store, work.reuse
    found = alone.segment(plan, 1)
    assert (found.reused, found.key) == (True, first.others[0].key)
    larger = ladder(job, source("even"), [*TWO, H264])
    larger.store, larger.reuse = work.store, work.reuse
    both = larger.segment(plan, 1)
    assert (both.key, both.others[0].key) == (first.key, first.others[0].key)
    assert [both.reused, *(other.reused for other in both.others)] == [False, True, False]


def test_an_older_manifest_goes_before_its_files_change(
    source: Callable[[str], Path], job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second file cannot be published: what is there is no ladder any more."""
    import media_ops.merge as module
    from media_ops.errors import StoreUnavailable

    work = ladder(job, source("even"), TWO)
    probed, plan, results = produced(work)
    made = merged(work, probed, plan, results)
    publish = module.Proved.publish

    def full(self: module.Proved, store: Any) -> MergeResult:
        if self.request.output == made.outputs[1]:
            raise StoreUnavailable("the disk is full")
        return publish(self, store)

    monkeypatch.setattr(module.Proved, "publish", full)
    with pytest.raises(StoreUnavailable):
        merged(work, probed, plan, results)
    assert not Path(made.output).exists()
    monkeypatch.undo()
    assert merged(work, probed, plan, results).output == made.output
    assert Path(made.output).exists()
