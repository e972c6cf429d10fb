"""The proof of a result whose pictures an algorithm made, checked again by having it work once more."""

from __future__ import annotations

import hashlib
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import media_ops.algorithms
from media_ops.cli import proof as cli
from media_ops.model import Proof
from media_ops.proof import check as checking
from media_ops.storage.document import read_document, sealed, to_bytes
from tests.everyday import SLOW
from tests.media.conftest import Job

FURTHER = Path(__file__).parents[1] / "contract" / "algorithms"
FRAMES = 180
LOSSY = {"encoder": "libx264", "preset": "ultrafast"}
LOSSLESS = {"encoder": "ffv1"}
Own = dict[str, Any]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Long enough that the windows of a check are a part of it: a moving texture under noise."""
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    rows, columns = np.mgrid[0:72, 0:128]
    with av.open(str(path), "w") as output:
        options = {"crf": "12", "preset": "veryfast", "x264-params": "keyint=30:bframes=2:threads=1"}
        video: Any = output.add_stream("libx264", rate=25, options=options)
        video.width, video.height, video.pix_fmt = 128, 72, "yuv420p"
        for number in range(FRAMES):
            chance = np.random.default_rng(number)
            ground = 110 + 60 * np.sin((columns + 3 * number) / 9) * np.cos((rows + number) / 7)
            rgb = np.stack([ground + 30, ground, 0.7 * ground], -1) + chance.normal(0, 8, (72, 128, 3))
            frame = av.VideoFrame.from_ndarray(np.clip(rgb, 0, 255).astype(np.uint8), format="rgb24")
            frame.pts, frame.time_base = number + number // 7, Fraction(1, 25)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    return path


@pytest.fixture(scope="module")
def logo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A red square."""
    from PIL import Image

    path = tmp_path_factory.mktemp("logos") / "logo.png"
    Image.new("RGB", (32, 32), (250, 20, 20)).save(path)
    return path


@pytest.fixture(scope="module")
def own(logo: Path) -> dict[str, Own]:
    """Parameters by algorithm under which something happens."""
    return {
        "denoise": {"strength": 12},
        "denoise_fast": {"strength": 12},
        "enhance_color": {"contrast": 0.6, "saturation": 0.3},
        "watermark": {"image": str(logo), "text": "水印", "size": 40, "opacity": 1},
    }


_done: dict[str, Path] = {}


def made(name: str, film: Path, output: Path, params: Own, **options: Any) -> Proof:
    """Give a copy of a job's result and proof; each job is done once, in this process."""
    wish = {"segments": 3} | options
    key = repr((name, str(film), output.suffix, sorted(params.items()), wish))
    if key not in _done:
        work = Job(film, film.parent / f"job-{len(_done)}", params, name, output.suffix)
        work.run(**wish)
        _done[key] = work.output
    shutil.copy(_done[key], output)
    shutil.copy(f"{_done[key]}.proof.json", f"{output}.proof.json")
    rewrite(output, output_name=output.name, source_path=str(film))
    return read_document(Path(f"{output}.proof.json")).proof


def checked(output: Path, full: bool = False) -> tuple[dict[str, str], dict[str, str]]:
    """Give outcome and detail of each check by name."""
    request = cli.request(*cli.find(str(output)), None, full)
    report = checking.check(request, output.parent, lambda done, total: None)
    return {c.name: c.outcome for c in report.checks}, {c.name: c.detail for c in report.checks}


def rewrite(output: Path, **changes: Any) -> None:
    """Change a proof by hand and seal it again."""
    place = Path(f"{output}.proof.json")
    place.write_bytes(to_bytes(sealed(read_document(place).proof.model_copy(update=changes))))


def adopt(output: Path, other: Path) -> None:
    """Put another result under a proof, so well that its bytes are those that were proved."""
    data = other.read_bytes()
    output.write_bytes(data)
    rewrite(output, output_size=len(data), output_sha256=hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("encoding", [LOSSY, pytest.param(LOSSLESS, marks=SLOW)], ids=["lossy", "lossless"])
@pytest.mark.parametrize(
    "name",
    ["denoise_fast", *(pytest.param(name, marks=SLOW) for name in ("denoise", "enhance_color", "watermark"))],
)
def test_an_honest_proof_holds(name: str, encoding: Own, own: dict[str, Own], film: Path, tmp_path: Path) -> None:
    output = tmp_path / ("out.mkv" if encoding is LOSSLESS else "out.mp4")
    proof = made(name, film, output, own[name] | encoding)
    outcomes, details = checked(output)
    expected = "not possible" if name == "enhance_color" else "held"
    assert (outcomes.pop("pictures"), set(outcomes.values())) == (expected, {"held"}), details
    if name == "enhance_color":
        assert "looks at the whole film first: --full" in details["pictures"]
    else:
        assert f"{proof.frames_compared if encoding is LOSSY else 84} frames" in details["pictures"]
    outcomes, details = checked(output, full=True)
    assert set(outcomes.values()) == {"held"}, details
    assert f"{FRAMES} frames show what {name} makes of the source's" in details["pictures"]
    if encoding is LOSSLESS:
        assert f"{FRAMES} of them compared with what {name} makes" in details["lossless"]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        pytest.param("denoise", {"strength": 50, "radius": 3}, marks=SLOW),
        pytest.param("denoise_fast", {"strength": 40, "memory": 16}, marks=SLOW),
        pytest.param("enhance_color", {"contrast": 0.0, "saturation": -1}, marks=SLOW),
        ("watermark", {"text": "另外"}),
    ],
)
@pytest.mark.parametrize(
    ("encoding", "extension", "check"),
    [(LOSSY, ".mp4", "pictures"), pytest.param(LOSSLESS, ".mkv", "lossless", marks=SLOW)],
    ids=["lossy", "lossless"],
)
def test_a_result_made_with_other_parameters_fails(
    name: str,
    other: Own,
    encoding: Own,
    extension: str,
    check: str,
    own: dict[str, Own],
    film: Path,
    tmp_path: Path,
) -> None:
    output, foreign = tmp_path / f"out{extension}", tmp_path / f"other{extension}"
    made(name, film, output, own[name] | encoding, **({"verify": "full"} if encoding is LOSSY else {}))
    made(name, film, foreign, own[name] | other | encoding)
    adopt(output, foreign)
    outcomes, details = checked(output, full=True)
    assert outcomes[check] == "failed", details
    assert outcomes["result file"] == "held"


def swapped(output: Path, at: int) -> None:
    """Exchange two pictures of a lossless result."""
    spoiled = output.with_name("spoiled.mkv")
    with av.open(str(output)) as given, av.open(str(spoiled), "w") as written:
        stream = given.streams.video[0]
        copy = written.add_stream_from_template(stream)
        packets = [packet for packet in given.demux(stream) if packet.size]
        order = list(range(len(packets)))
        order[at], order[at + 1] = order[at + 1], order[at]
        contents = [bytes(packet) for packet in packets]
        for packet, number in zip(packets, order, strict=True):
            new = av.Packet(contents[number])
            new.pts, new.dts, new.time_base = packet.pts, packet.dts, packet.time_base
            new.duration, new.is_keyframe, new.stream = packet.duration, True, copy
            written.mux(new)
    adopt(output, spoiled)


@pytest.mark.parametrize(
    "name", ["denoise_fast", *(pytest.param(name, marks=SLOW) for name in ("denoise", "watermark"))]
)
def test_swapped_pictures_fail(name: str, own: dict[str, Own], film: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mkv"
    joint = made(name, film, output, own[name] | LOSSLESS).joints[0].rank
    swapped(output, joint)
    outcomes, details = checked(output)
    assert (outcomes["pictures"], outcomes["lossless"]) == ("failed", "failed"), details
    assert f"frame {joint} shows frame {joint + 1}" in details["pictures"]
    rewrite(output, lossless_digest=None, frames_compared=84)  # then nothing but the pictures tells
    assert checked(output)[0]["pictures"] == "failed"


def test_a_file_that_changed_is_named(own: dict[str, Own], film: Path, logo: Path, tmp_path: Path) -> None:
    from PIL import Image

    output = tmp_path / "out.mp4"
    logo = Path(shutil.copy(logo, tmp_path))
    made("watermark", film, output, own["watermark"] | LOSSY)
    proof = read_document(Path(f"{output}.proof.json")).proof
    rewrite(output, params=proof.params | {"image": str(logo)})
    assert proof.files["image"] == hashlib.sha256(logo.read_bytes()).hexdigest()
    Image.new("RGB", (32, 32), (20, 20, 250)).save(logo)
    outcomes, details = checked(output)
    assert outcomes["pictures"] == "not possible"
    assert "the file of parameter image is no longer the one" in details["pictures"]
    assert {outcome for name, outcome in outcomes.items() if name != "pictures"} == {"held"}
    logo.unlink()
    outcomes, details = checked(output)
    assert outcomes["pictures"] == "not possible"
    assert "parameter image" in details["pictures"]
    assert "is no file" in details["pictures"]


def test_another_version_cannot_make_the_pictures_again(own: dict[str, Own], film: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    made("denoise_fast", film, output, own["denoise_fast"] | LOSSY)
    rewrite(output, algorithm_version="0.9.0")
    outcomes, details = checked(output)
    assert (outcomes["pictures"], outcomes["joints"]) == ("not possible", "held")
    assert "made by denoise_fast 0.9.0" in details["pictures"]


@pytest.fixture
def further(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register the algorithms of the contract tests."""
    monkeypatch.setenv("MEDIA_OPS_ALGORITHMS", str(FURTHER))
    monkeypatch.setattr(media_ops.algorithms, "__path__", [*media_ops.algorithms.__path__, str(FURTHER)])


@pytest.mark.usefixtures("further")
@pytest.mark.parametrize("encoding", [pytest.param(LOSSY, marks=SLOW), LOSSLESS], ids=["lossy", "lossless"])
def test_a_doubled_rate_is_counted_in_frames_of_the_result(encoding: Own, film: Path, tmp_path: Path) -> None:
    output = tmp_path / ("out.mkv" if encoding is LOSSLESS else "out.mp4")
    proof = made("double_rate", film, output, encoding)
    assert (proof.frames_in, proof.frames_out) == (FRAMES, 2 * FRAMES)
    for full in (False, True):
        outcomes, details = checked(output, full)
        assert set(outcomes.values()) == {"held"}, details
    assert "1 between it and the next" in details["times against the source"]
    rewrite(output, frames_out=FRAMES)
    outcomes, _ = checked(output)
    assert outcomes["document"] == outcomes["frames of the result"] == "failed"


@pytest.mark.usefixtures("further")
def test_another_size_is_known(film: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    made("enlarge", film, output, LOSSY)
    outcomes, details = checked(output)
    assert set(outcomes.values()) == {"held"}, details
    rewrite(output, algorithm="average")
    outcomes, details = checked(output)
    assert outcomes["pictures"] == "failed"
    assert "256x144, not 128x72" in details["pictures"]


@pytest.mark.usefixtures("further")
@pytest.mark.parametrize(
    ("name", "options", "quick", "full"),
    [
        ("normalise", {}, "looks at the whole film first", "held"),
        pytest.param("endless_memory", {}, "has to begin where the job began", "held", marks=SLOW),
        pytest.param("chunked", {}, "has to begin where the job began", "held", marks=SLOW),
        ("chunked", {"blend": True}, "cross-faded", "not possible"),
        pytest.param("whole_gops", {}, "", "held", marks=SLOW),
    ],
)
def test_what_cannot_be_made_again_is_said(
    name: str, options: dict[str, Any], quick: str, full: str, film: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.mp4"
    made(name, film, output, LOSSY, **options)
    outcomes, details = checked(output)
    assert outcomes.pop("pictures") == ("not possible" if quick else "held"), details
    assert set(outcomes.values()) == {"held"}, details
    assert quick in details["pictures"]
    outcomes, details = checked(output, full=True)
    assert (outcomes.pop("pictures"), set(outcomes.values())) == (full, {"held"}), details


def test_it_shows_what_was_done_to_the_frames(
    own: dict[str, Own], film: Path, logo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made("watermark", film, tmp_path / "a.mp4", own["watermark"] | LOSSY)
    told = dict(cli.lines(read_document(tmp_path / "a.mp4.proof.json").proof))
    assert told["file of image"] == f"sha256 {hashlib.sha256(logo.read_bytes()).hexdigest()}"
    assert "exactness" not in told
    for segments, words in ((3, "at least 60 dB PSNR"), (1, None)):
        made("denoise_fast", film, tmp_path / "b.mp4", own["denoise_fast"] | LOSSY, segments=segments)
        told = dict(cli.lines(read_document(tmp_path / "b.mp4.proof.json").proof))
        assert (words is None and "exactness" not in told) or (words and words in told["exactness"])


def test_a_long_lossless_result_needs_no_full_check(film: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    made("transcode_h264", film, output, {"preset": "ultrafast", "lossless": True})
    outcomes, details = checked(output)
    assert set(outcomes.values()) == {"held"}, details
