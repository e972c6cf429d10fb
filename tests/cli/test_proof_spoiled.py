"""`media proof --check` against files that were spoiled on purpose."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from media_ops.cli import proof as cli
from media_ops.errors import SourceNotFound
from media_ops.proof.check import check
from media_ops.storage.document import read_document
from tests.cli.conftest import Clip
from tests.cli.spoiling import adopt, done_here, encoded_anew, failed, ffmpeg, rewrite

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
    proof = done_here(clip("silent.mp4"), pair / "out.mp4", segments=3, lossless=True)
    assert (proof.verify, proof.frames_compared) == ("full", 100)
    whole = hashlib.sha256()
    with av.open(str(clip("silent.mp4"))) as source:
        for frame in source.decode(video=0):
            planes = frame.to_ndarray().tobytes()  # no padding in it
            whole.update(f"{hashlib.sha256(b'320x180' + planes).hexdigest()}\n".encode())
    assert proof.lossless_digest == whole.hexdigest()
    code, outcomes, details = checked(full=True)
    assert (code, set(outcomes.values())) == (0, {"held"}), details
    assert "100 of them compared with the source's" in details["lossless"]
    rewrite(pair, lossless_digest="0" * 64)
    code, outcomes, _ = checked()
    assert (code, failed(outcomes)) == (1, {"lossless"})
