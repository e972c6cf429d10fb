"""`media proof`: shown as it was written, checked, and kept beside its result."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import av
import pytest

from media_ops.cli import proof as cli
from media_ops.errors import OutputExists, ProofNotFound
from media_ops.model import JobOptions, Proof
from media_ops.run import run
from media_ops.storage.document import read_document
from media_ops.storage.proved import SUFFIX, proof_path
from tests.cli.conftest import Clip, Media, left_in
from tests.cli.spoiling import FAST, done


def test_shown_to_people_and_to_programs(media: Media, called: Media, made: Path) -> None:
    told = called("proof", made / "out.mp4")
    assert told.returncode == 0, told.stderr
    proof = read_document(made / "out.mp4.proof.json").proof
    for word in (
        proof.output_sha256,
        proof.source_sha256,
        "200 in, 200 out",
        "joint at",
        "no joint shows",
        "libavcodec",
    ):
        assert word in told.stdout
    for name in ("out.mp4", "out.mp4.proof.json"):
        shown = called("proof", made / name, "--json")
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
    said = {"crf": 23.0, "preset": "ultrafast", "lossless": False}
    unsaid = {name for name, value in proof.params.items() if value is None}
    assert proof.params == said | dict.fromkeys(unsaid)
    assert {"height", "bitrate", "maxrate", "target_vmaf", "key_seconds"} <= unsaid
    assert proof.software["av"] == av.__version__
    assert {"media-ops", "python", "libavcodec", "libavformat", "encoder"} <= proof.software.keys()
    assert [(track.kind, track.action) for track in proof.tracks] == [("audio", "copy")]
    assert sum(end - start for start, end in proof.compared) == proof.frames_compared
    assert proof.picture_source == proof.picture_output
    assert proof.lossless_digest is None


def test_what_is_no_proof(media: Media, called: Media, pair: Path) -> None:
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
    assert called("proof", pair / "nothing.mp4").returncode == 2
    assert called("proof", pair / "out.mp4", "--full").returncode == 64


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


def test_an_existing_pair_is_kept_and_a_source_is_never_replaced(clip: Clip, called: Media, folder: Path) -> None:
    source = clip("one_frame.mp4")
    (folder / "a.mp4.proof.json").write_bytes(source.read_bytes())
    options = ("-o", "a.mp4", "--param", "preset=ultrafast")
    refused = called("run", "transcode_h264", "a.mp4.proof.json", *options)
    assert (refused.returncode, left_in(folder)) == (2, ["a.mp4.proof.json"])
    assert "its proof would replace the source" in refused.stderr
    kept = called("run", "transcode_h264", source, *options, "--no-clobber")
    assert (kept.returncode, left_in(folder)) == (2, ["a.mp4.proof.json"])
    assert "'a.mp4.proof.json' exists already" in kept.stderr
    assert called("run", "transcode_h264", source, *options).returncode == 0
    before = {name: (folder / name).read_bytes() for name in left_in(folder)}
    assert read_document(folder / "a.mp4.proof.json").sealed
    again = run("transcode_h264", [str(source)], "a.mp4", FAST, JobOptions(), workers=1, replace=False)
    assert again.error is not None
    assert again.error["code"] == OutputExists("").code
    assert {name: (folder / name).read_bytes() for name in left_in(folder)} == before
