"""Bit rates over segments: the whole film has what was asked for, and the joined stream fits into its buffer."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from media_ops.errors import ParamsInvalid
from media_ops.model import JobOptions, RateProof, RunReport
from media_ops.rate.buffer import Buffer, simulate
from media_ops.run import run

# Pictures that change all the time, then some that hardly do, then a cut to others.
UNEVEN = "testsrc2=s=320x180:r=25:d=6,noise=alls=30:allf=t,trim=0:6[a];testsrc=s=320x180:r=25:d=6[b];"
UNEVEN += (
    "mandelbrot=s=320x180:r=25,trim=0:6,setpts=PTS-STARTPTS,format=yuv420p[c];[a][b][c]concat=n=3,format=yuv420p"
)
SIDES = [("transcode_h264", "superfast"), ("transcode_h265", "ultrafast"), ("transcode_av1", 12)]


CODED = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-g", "50", "-pix_fmt", "yuv420p"]


@pytest.fixture
def uneven(film: Callable[..., Path]) -> Path:
    """18 seconds, of which the first third needs most of the bits."""
    return film("uneven.mp4", "-filter_complex", UNEVEN, *CODED)


def job(algorithm: str, film: Path, output: Path, params: dict[str, Any], **options: Any) -> RunReport:
    return run(algorithm, [str(film)], str(output), params, JobOptions(**options), workers=2)


def proved(report: RunReport) -> RateProof:
    assert report.error is None
    assert report.proof is not None
    assert report.proof.rate is not None
    return report.proof.rate


def coded(path: Path) -> tuple[list[int], list[int], Fraction]:
    """Give sizes and decoding times of the packets of the picture, read by nobody of ours."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        packets = [packet for packet in container.demux(video) if packet.size]
        assert video.time_base is not None
        return [packet.size for packet in packets], [int(packet.dts or 0) for packet in packets], video.time_base


@pytest.mark.parametrize(("algorithm", "preset"), SIDES)
def test_segments_together_have_the_rate(algorithm: str, preset: Any, uneven: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    report = job(algorithm, uneven, output, {"bitrate": "250k", "preset": preset}, segments=3)
    rate = proved(report)
    sizes, _, _ = coded(output)
    reached = 8 * sum(sizes) / 18
    assert reached == pytest.approx(250_000, rel=0.05 if algorithm == "transcode_av1" else 0.02)
    assert rate.reached == pytest.approx(reached, rel=0.01)
    assert rate.bitrate == 250_000
    # Each segment has what its pictures need, not the same as the others: that is what plain ABR would do.
    per_segment = [8 * sum(sizes[start : start + 150]) / 6 for start in (0, 150, 300)]
    assert per_segment[0] > 2 * per_segment[1]


@pytest.mark.parametrize(("algorithm", "preset"), SIDES[:2])
def test_segments_on_either_side_of_a_level_are_joined(
    algorithm: str, preset: Any, uneven: Path, tmp_path: Path
) -> None:
    """A small picture is of level 1 up to 128 kbit/s, and segments have rates below and above."""
    params = {"bitrate": "300k", "preset": preset, "height": 108}
    report = job(algorithm, uneven, tmp_path / "out.mp4", params, segments=6)
    assert proved(report).reached == pytest.approx(300_000, rel=0.05)


def test_a_film_in_one_piece_has_the_rate_too(uneven: Path, tmp_path: Path) -> None:
    params = {"bitrate": "200k", "preset": "superfast"}
    rate = proved(job("transcode_h264", uneven, tmp_path / "out.mp4", params, whole=True))
    assert rate.reached == pytest.approx(200_000, rel=0.02)


@pytest.mark.parametrize("aim", [{"bitrate": "250k"}, {"crf": 20}])
def test_the_joined_stream_fits_into_the_buffer(aim: dict[str, Any], uneven: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    params = {**aim, "maxrate": "400k", "bufsize": "400k", "preset": "superfast"}
    rate = proved(job("transcode_h264", uneven, output, params, segments=5))
    found = simulate(Buffer(400_000, 400_000), *coded(output))
    assert found.underflows == []
    assert rate.fullness == pytest.approx(found.lowest, abs=0.02)
    assert (rate.maxrate, rate.bufsize) == (400_000, 400_000)


def test_a_segment_that_does_not_fit_is_encoded_again_alone(uneven: Path, tmp_path: Path) -> None:
    """Behind a segment that has emptied the buffer there is less in it than the next one reckons with."""
    output = tmp_path / "out.mp4"
    params = {"crf": 16, "maxrate": "300k", "bufsize": "900k", "preset": "superfast"}
    report = job("transcode_h264", uneven, output, params, segments=6)
    rate = proved(report)
    assert simulate(Buffer(300_000, 900_000), *coded(output)).underflows == []
    assert rate.fullness is not None
    assert rate.fullness >= 0
    assert 0 < len(rate.encoded_again) < 6


@pytest.mark.parametrize(("rate", "rule"), [("1k", "rate-too-low"), ("1200M", "rate-too-high")])
def test_impossible_rates_are_refused_before_anything_is_computed(
    rate: str, rule: str, uneven: Path, tmp_path: Path
) -> None:
    report = job("transcode_h264", uneven, tmp_path / "out.mp4", {"bitrate": rate})
    assert report.error is not None
    assert (report.error["code"], report.error["rule"]) == ("params_invalid", rule)
    assert rate.rstrip("kM") in report.error["message"]
    assert report.slicing is None


def test_a_rate_that_this_film_cannot_have_is_refused_after_the_first_pass(uneven: Path, tmp_path: Path) -> None:
    report = job("transcode_h264", uneven, tmp_path / "out.mp4", {"bitrate": "5k", "preset": "superfast"}, segments=3)
    assert report.error is not None
    assert report.error["rule"] == "rate-too-low"
    assert "CRF" in report.error["message"]
    assert not (tmp_path / "out.mp4").exists()


def test_a_film_that_needs_no_more_is_told_of(film: Callable[..., Path], tmp_path: Path) -> None:
    still = film("still.mp4", "-f", "lavfi", "-i", "color=gray:s=320x180:r=25:d=10", *CODED)
    report = job("transcode_h264", still, tmp_path / "out.mp4", {"bitrate": "2M", "preset": "superfast"}, segments=2)
    assert proved(report).reached < 1_900_000
    assert any("it takes no more" in warning for warning in report.warnings)


def test_a_lossless_result_has_no_rate(uneven: Path, tmp_path: Path) -> None:
    report = job("transcode_h264", uneven, tmp_path / "out.mp4", {"bitrate": "1M", "lossless": True})
    assert report.error is not None
    assert "lossless" in report.error["message"]
    with pytest.raises(ParamsInvalid):
        raise ParamsInvalid(report.error["message"])
