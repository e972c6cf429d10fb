"""A measured quality that is asked for: every segment has it, as others measure it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from media_ops.model import JobOptions, QualityProof, RunReport
from media_ops.quality.installed import vmaf_program
from media_ops.quality.scores import Scores, measure
from media_ops.quality.vmaf import Vmaf
from media_ops.run import run
from tests.media.test_rates import CODED, UNEVEN

has_vmaf = pytest.mark.skipif(vmaf_program() is None, reason="the extra `quality` is not installed")


@pytest.fixture
def uneven(film: Callable[..., Path]) -> Path:
    return film("uneven.mp4", "-filter_complex", UNEVEN, *CODED)


def job(film: Path, output: Path, params: dict[str, Any], name: str = "transcode_h264") -> RunReport:
    return run(name, [str(film)], str(output), params, JobOptions(segments=3), workers=2)


def quality(report: RunReport) -> QualityProof:
    assert report.error is None
    assert report.proof is not None
    assert report.proof.quality is not None
    return report.proof.quality


def scores(source: Path, output: Path, *, vmaf: bool = False) -> Scores:
    """Measure all frames, decoded plainly."""
    with av.open(str(source)) as a, av.open(str(output)) as b:
        pairs = zip(a.decode(video=0), b.decode(video=0), strict=True)
        if not vmaf:
            return measure(pairs)
        with Vmaf(320, 180) as program:
            return measure(pairs, vmaf=program)


@pytest.mark.parametrize(("metric", "target", "slack"), [("psnr", 40.0, 1.0), ("ssim", 0.97, 0.01)])
def test_every_segment_has_the_quality(
    metric: str, target: float, slack: float, uneven: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out.mp4"
    found = quality(job(uneven, output, {f"target_{metric}": target, "preset": "superfast"}))
    values = scores(uneven, output).by_name["psnr_y" if metric == "psnr" else metric]
    per_segment = [float(values[start : start + 150].mean()) for start in (0, 150, 300)]
    assert per_segment == pytest.approx([target] * 3, abs=slack)
    # Noise needs a finer quality than flat colours do.
    assert len(set(found.crfs)) == 3
    assert (found.metric, found.target) == (metric, target)
    assert found.expected == pytest.approx(float(np.mean(per_segment)), abs=slack)
    assert 3 <= len(found.probes) <= 15


@has_vmaf
@pytest.mark.parametrize("name", ["transcode_h264", pytest.param("transcode_av1", marks=pytest.mark.slow)])
def test_vmaf_is_met(name: str, uneven: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    preset = {"transcode_h264": "superfast", "transcode_av1": 12}[name]
    quality(job(uneven, output, {"target_vmaf": 90, "preset": preset}, name))
    values = scores(uneven, output, vmaf=True).by_name["vmaf"]
    per_segment = [float(values[start : start + 150].mean()) for start in (0, 150, 300)]
    assert per_segment == pytest.approx([90] * 3, abs=2.5)


def test_what_cannot_be_reached_is_refused_by_name(uneven: Path, tmp_path: Path) -> None:
    report = job(uneven, tmp_path / "out.mp4", {"target_psnr": 69, "preset": "superfast"})
    assert report.error is not None
    assert (report.error["code"], report.error["rule"]) == ("params_invalid", "quality-out-of-reach")
    assert "target_psnr: 69 is out of reach" in report.error["message"]
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize(
    "params", [{"target_psnr": 40, "target_ssim": 0.9}, {"target_psnr": 40, "bitrate": "1M"}, {"target_vmaf": 101}]
)
def test_wishes_that_exclude_each_other_are_refused(params: dict[str, Any], uneven: Path, tmp_path: Path) -> None:
    report = job(uneven, tmp_path / "out.mp4", params)
    assert report.error is not None
    assert report.error["code"] == "params_invalid"
    assert report.slicing is None


def test_without_its_program_vmaf_is_refused_before_anything_is_computed(
    uneven: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from media_ops.errors import ToolMissing
    from media_ops.probe import probe
    from media_ops.quality import installed
    from media_ops.requests import ProbeRequest

    monkeypatch.setattr(installed, "vmaf_program", lambda: None)
    request = ProbeRequest(
        source=str(uneven), store=str(tmp_path), prefix="job", algorithm="transcode_h264", params={"target_vmaf": 95}
    )
    with pytest.raises(ToolMissing, match="pip install"):
        probe(request, lambda *_: None)
