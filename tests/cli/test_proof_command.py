"""`media proof`: shown as it was written, and checked again against files that were spoiled on purpose."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from media_ops.cli import proof as cli
from media_ops.errors import OutputExists, ProofNotFound, SourceNotFound
from media_ops.model import JobOptions, Proof, RunReport
from media_ops.proof.check import check
from media_ops.run import run
from media_ops.storage.document import read_document, sealed, to_bytes
from media_ops.storage.proved import SUFFIX, proof_path
from tests.cli.conftest import Media, left_in

Clip = Callable[[str], Path]
FAST = {"preset": "ultrafast"}


def done(source: Path, output: Path, segments: int = 2, replace: bool = True, **params: Any) -> RunReport:
    options = JobOptions(segments=segments)
    report = run("transcode_h264", [str(source)], str(output), FAST | params, options, workers=2, replace=replace)
    assert report.error is None, report.error
    return report


@pytest.fixture(scope="module")
def made(clip: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a source, its result and the proof; never changed."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copy(clip("plain.mp4"), folder / "source.mp4")
    done(folder / "source.mp4", folder / "out.mp4")
    return folder


@pytest.fixture
def pair(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoiled."""
    return Path(shutil.copytree(made, tmp_path / "pair"))


Checked = Callable[..., tuple[int, dict[str, str], dict[str, str]]]


@pytest.fixture
def checked(pair: Path) -> Checked:
    """Check the pair in this process; give the exit code, the outcome and the detail of each check by name."""

    def verb(source: str | None = None, full: bool = False) -> tuple[int, dict[str, str], dict[str, str]]:
        request = cli.request(*cli.find(str(pair / "out.mp4")), source, full)
        report = check(request, pair, lambda done, total: None)
        outcomes = {found.name: found.outcome for found in report.checks}
        assert report.outcome == ("failed" if "failed" in outcomes.values() else "held")
        details = {found.name: found.detail for found in report.checks}
        return int(report.outcome == "failed"), outcomes, details  # type: ignore[return-value]

    return verb


def failed(outcomes: dict[str, str]) -> set[str]:
    return {name for name, outcome in outcomes.items() if outcome == "failed"}


def rewrite(folder: Path, seal: bool = True, **changes: Any) -> None:
    """Change the proof by hand, and seal it again, as somebody could who means it."""
    place = folder / "out.mp4.proof.json"
    proof = read_document(place).proof.model_copy(update=changes)
    place.write_bytes(to_bytes(sealed(proof) if seal else proof))


def adopt(folder: Path, spoiled: Path) -> None:
    """Put another file in the result's place, so well that its bytes are those of the proof."""
    data = spoiled.read_bytes()
    (folder / "out.mp4").write_bytes(data)
    rewrite(folder, output_size=len(data), output_sha256=hashlib.sha256(data).hexdigest())


def ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)], check=True, timeout=60)


def test_shown_to_people_and_to_programs(media: Media, made: Path) -> None:
    told = media("proof", made / "out.mp4")
    assert told.returncode == 0, told.stderr
    proof = read_document(made / "out.mp4.proof.json").proof
    for word in (proof.output_sha256, proof.source_sha256, "200 in, 200 out", "joint at", "libavcodec"):
        assert word in told.stdout
    for name in ("out.mp4", "out.mp4.proof.json"):
        shown = media("proof", made / name, "--json")
        assert Proof.model_validate(json.loads(shown.stdout)) == proof
    checked = media("proof", made / "out.mp4", "--check", "--full")
    assert checked.returncode == 0, checked.stdout
    assert "the proof holds: 12 held" in checked.stdout
    assert "200 frames show the source's" in checked.stdout


def test_what_a_proof_says(made: Path) -> None:
    proof = read_document(made / "out.mp4.proof.json").proof
    for size, digest, name in (
        (proof.source_size, proof.source_sha256, proof.source_path),
        (proof.output_size, proof.output_sha256, proof.output_name),
    ):
        data = (made / name).read_bytes()
        assert (size, digest) == (len(data), hashlib.sha256(data).hexdigest())
    assert proof.slicing is not None
    assert (proof.slicing.segments, len(proof.joints)) == (2, 1)
    assert proof.params == {"crf": 23.0, "preset": "ultrafast", "lossless": False, "height": None}
    assert proof.software["av"] == av.__version__
    assert {"media-ops", "python", "libavcodec", "libavformat", "encoder"} <= proof.software.keys()
    assert [(track.kind, track.action) for track in proof.tracks] == [("audio", "copy")]
    assert sum(end - start for start, end in proof.compared) == proof.frames_compared
    assert proof.picture_source == proof.picture_output
    assert proof.lossless_digest is None


def test_a_good_pair_holds(checked: Checked) -> None:
    code, outcomes, details = checked()
    assert (code, set(outcomes.values())) == (0, {"held"}), details
    assert len(outcomes) == 12


def test_a_changed_byte_is_seen(pair: Path, checked: Checked) -> None:
    data = bytearray((pair / "out.mp4").read_bytes())
    data[len(data) // 2] ^= 1
    (pair / "out.mp4").write_bytes(data)
    code, outcomes, details = checked()
    assert code == 1
    assert "result file" in failed(outcomes)
    assert "sha256" in details["result file"]
    assert outcomes["source file"] == outcomes["joints"] == "held"


def test_a_result_that_is_cut_short_is_seen(pair: Path, checked: Checked) -> None:
    (pair / "out.mp4").write_bytes((pair / "out.mp4").read_bytes()[:1000])
    code, outcomes, _ = checked()
    assert code == 1
    assert failed(outcomes) == {"result file", "frames of the result"}
    assert outcomes["pictures"] == outcomes["sound"] == "not possible"
    assert outcomes["joints"] == "held"


def test_another_source_is_seen(pair: Path, clip: Clip, checked: Checked) -> None:
    code, outcomes, details = checked(source=str(clip("silent.mp4")))
    assert code == 1
    assert {"source file", "frames of the source", "times against the source", "joints"} <= failed(outcomes)
    assert "100 frames, not 200" in details["frames of the source"]
    assert outcomes["result file"] == outcomes["times of the result"] == "held"


def test_a_source_of_the_same_times_and_other_pixels_is_seen(pair: Path, checked: Checked) -> None:
    ffmpeg("-i", pair / "source.mp4", "-c:a", "copy", "-c:v", "libx264", "-crf", 30, pair / "other.mp4")
    shutil.move(pair / "other.mp4", pair / "source.mp4")
    code, outcomes, _ = checked()
    assert code == 1
    assert {"source file", "joints"} <= failed(outcomes)
    assert outcomes["times against the source"] == outcomes["frames of the source"] == "held"


def test_a_time_moved_by_a_tick_is_seen(pair: Path, checked: Checked) -> None:
    spoiled = pair / "moved.mp4"
    with av.open(str(pair / "out.mp4")) as given, av.open(str(spoiled), "w") as output:
        streams = {s.index: output.add_stream_from_template(s) for s in given.streams}
        for index, stream in streams.items():
            stream.time_base = given.streams[index].time_base
        for number, packet in enumerate(packet for packet in given.demux() if packet.size):
            is_video = given.streams[packet.stream_index].type == "video"
            packet.stream = streams[packet.stream_index]
            if is_video and number > 100:
                packet.pts = (packet.pts or 0) + 1
            output.mux(packet)
    adopt(pair, spoiled)
    code, outcomes, details = checked()
    assert code == 1
    assert {"times of the result", "times against the source"} <= failed(outcomes), details
    assert outcomes["result file"] == outcomes["frames of the result"] == "held"


def encoded_anew(pair: Path, shown: Callable[[list[Any]], list[Any]]) -> Path:
    """Encode the result's pictures again in another order, at its times."""
    spoiled = pair / "spoiled.mp4"
    with av.open(str(pair / "out.mp4")) as given:
        frames = list(given.decode(video=0))
        times = [frame.pts for frame in frames]
        base = Fraction(given.streams.video[0].time_base or 1)
    with av.open(str(spoiled), "w", options={"movie_timescale": str(base.denominator)}) as output:
        stream: Any = output.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "18"})
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = base
        for pts, frame in zip(times, shown(frames), strict=True):
            copy: Any = av.VideoFrame.from_ndarray(frame.to_ndarray(), format="yuv420p")
            copy.pts, copy.time_base = pts, base
            output.mux(stream.encode(copy))
        output.mux(stream.encode(None))
    return spoiled


def test_frames_swapped_at_a_joint_are_seen(pair: Path, checked: Checked) -> None:
    joint = read_document(pair / "out.mp4.proof.json").proof.joints[0].rank

    def swap(frames: list[Any]) -> list[Any]:
        frames[joint], frames[joint + 1] = frames[joint + 1], frames[joint]
        return frames

    rewrite(pair, picture_distance=2.0)  # a second encoding is farther off than the first
    adopt(pair, encoded_anew(pair, list))
    _, outcomes, details = checked()
    assert failed(outcomes) == {"sound"}, details  # but for that, an encoding of the same pictures holds
    adopt(pair, encoded_anew(pair, swap))
    code, outcomes, details = checked()
    assert (code, failed(outcomes)) == (1, {"sound", "pictures"}), details
    assert f"frame {joint} shows frame {joint + 1}" in details["pictures"]


def test_pictures_of_another_film_are_seen(pair: Path, checked: Checked) -> None:
    def mirror(frames: list[Any]) -> list[Any]:
        flipped = [frame.to_ndarray()[::-1] for frame in frames]
        return [av.VideoFrame.from_ndarray(picture.copy(), format="yuv420p") for picture in flipped]

    adopt(pair, encoded_anew(pair, mirror))
    code, outcomes, details = checked()
    assert (code, outcomes["pictures"]) == (1, "failed"), details


def test_a_wrong_colour_tag_is_seen(pair: Path, checked: Checked) -> None:
    spoiled = pair / "tagged.mp4"
    filtered = ("-bsf:v", "h264_metadata=colour_primaries=9:transfer_characteristics=16:matrix_coefficients=9")
    ffmpeg("-i", pair / "out.mp4", "-c", "copy", *filtered, spoiled)
    adopt(pair, spoiled)
    code, outcomes, details = checked()
    assert (code, outcomes["picture of the result"]) == (1, "failed")
    assert "colour primaries is bt2020, not None" in details["picture of the result"]
    assert outcomes["picture of the source"] == "held"


def test_a_proof_edited_by_hand_is_seen(pair: Path, checked: Checked) -> None:
    place = pair / "out.mp4.proof.json"
    honest = place.read_bytes()
    found = json.loads(honest)
    place.write_text(json.dumps(found | {"warnings": ["nothing to see here"]}))
    code, outcomes, details = checked()
    assert (code, failed(outcomes)) == (1, {"document"})
    assert "seal" in details["document"]
    for changes, name in (
        ({"frames_compared": 9999}, "document"),
        ({"frames_in": 300, "frames_out": 300}, "frames of the source"),
        ({"pts_digest": "0" * 64}, "times against the source"),
        ({"output_pts_digest": "0" * 64}, "times of the result"),
        ({"fingerprints": {0: "0" * 64}}, "joints"),
        ({"picture_distance": 0.0, "verify": "joints"}, "pictures"),
        ({"tracks": []}, "sound"),
        ({"pts_shift": "1e999999999"}, "times against the source"),
    ):
        place.write_bytes(honest)
        rewrite(pair, **changes)
        code, outcomes, details = checked()
        assert (code, outcomes[name]) == (1, "failed"), (changes, details)


def test_without_its_source_the_result_is_checked(pair: Path, checked: Checked, tmp_path: Path) -> None:
    shutil.move(pair / "source.mp4", tmp_path / "elsewhere.mp4")
    code, outcomes, details = checked()
    needed = {"source file", "frames of the source", "times against the source", "picture of the source"}
    needed |= {"sound", "joints", "pictures"}
    assert code == 0
    assert {name for name, outcome in outcomes.items() if outcome == "not possible"} == needed
    assert "not where it was" in details["source file"]
    code, outcomes, _ = checked(source=str(tmp_path / "elsewhere.mp4"))
    assert (code, set(outcomes.values())) == (0, {"held"})
    with pytest.raises(SourceNotFound):
        checked(source=str(tmp_path / "nowhere.mp4"))


def test_a_lossless_result_is_checked_frame_by_frame(clip: Clip, pair: Path, checked: Checked) -> None:
    report = done(clip("silent.mp4"), pair / "out.mp4", segments=3, lossless=True)
    assert report.proof is not None
    assert (report.proof.verify, report.proof.frames_compared) == ("full", 100)
    whole = hashlib.sha256()
    with av.open(str(clip("silent.mp4"))) as source:
        for frame in source.decode(video=0):
            planes = frame.to_ndarray().tobytes()  # no padding in it
            whole.update(f"{hashlib.sha256(b'320x180' + planes).hexdigest()}\n".encode())
    assert report.proof.lossless_digest == whole.hexdigest()
    code, outcomes, details = checked(full=True)
    assert (code, set(outcomes.values())) == (0, {"held"}), details
    assert "100 of them compared with the source's" in details["lossless"]
    rewrite(pair, lossless_digest="0" * 64)
    code, outcomes, _ = checked()
    assert (code, failed(outcomes)) == (1, {"lossless"})


def test_what_is_no_proof(media: Media, pair: Path) -> None:
    place = pair / "out.mp4.proof.json"
    for content in (
        b"",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"schema_version": 2}',
        b'{"schema_version": 1}',
        b"[" * 100000,
    ):
        place.write_bytes(content)
        with pytest.raises(ProofNotFound):
            cli.command(str(pair / "out.mp4"))
    place.unlink()
    missing = media("proof", pair / "out.mp4", "--check", "--json")
    assert missing.returncode == 2
    assert json.loads(missing.stdout)["error"]["code"] == "proof_not_found"
    assert "there is no 'out.mp4.proof.json'" in missing.stderr
    assert media("proof", pair / "nothing.mp4").returncode == 2
    assert media("proof", pair / "out.mp4", "--full").returncode == 64


def test_names_of_250_bytes(clip: Clip, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = folder / ("é" * 123 + ".mp4")
    assert len(os.fsencode(output.name)) == 250
    report = done(clip("one_frame.mp4"), output, segments=1)
    (name,) = [name for name in left_in(folder) if name != output.name]
    assert len(os.fsencode(name)) <= 255
    assert name.endswith(SUFFIX)
    assert report.proof_file == str(folder / name)
    for given in (output, folder / name):
        assert cli.command(str(given), check=True) == 0
    assert "the proof holds" in capsys.readouterr().out
    others = {proof_path(folder / ("é" * 122 + letters + ".mp4")).name for letters in ("ab", "ac", "ad")}
    assert len(others | {name}) == 4


def test_an_existing_pair_is_kept_and_a_source_is_never_replaced(clip: Clip, media: Media, folder: Path) -> None:
    source = clip("one_frame.mp4")
    (folder / "a.mp4.proof.json").write_bytes(source.read_bytes())
    options = ("-o", "a.mp4", "--param", "preset=ultrafast")
    refused = media("run", "transcode_h264", "a.mp4.proof.json", *options)
    assert (refused.returncode, left_in(folder)) == (2, ["a.mp4.proof.json"])
    assert "its proof would replace the source" in refused.stderr
    kept = media("run", "transcode_h264", source, *options, "--no-clobber")
    assert (kept.returncode, left_in(folder)) == (2, ["a.mp4.proof.json"])
    assert "'a.mp4.proof.json' exists already" in kept.stderr
    assert media("run", "transcode_h264", source, *options).returncode == 0
    before = {name: (folder / name).read_bytes() for name in left_in(folder)}
    assert read_document(folder / "a.mp4.proof.json").sealed
    again = run("transcode_h264", [str(source)], "a.mp4", FAST, JobOptions(), workers=1, replace=False)
    assert again.error is not None
    assert again.error["code"] == OutputExists("").code
    assert {name: (folder / name).read_bytes() for name in left_in(folder)} == before
