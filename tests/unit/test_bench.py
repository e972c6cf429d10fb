"""The benchmark on tiny films: its arithmetic, and that real jobs fill its tables."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from media_airflow.bench import cost_of_frames, moving
from media_airflow.bench.cost_of_frames import Round, frame_algorithms, warning
from media_airflow.bench.machine import machine, on_cores
from media_airflow.costs import media, run, side_by_side
from media_ops.errors import SourceNotFound, ToolMissing
from media_ops.registry import all_algorithms

SLEEP = [sys.executable, "-c", "import time; time.sleep(0.7); print('{\"slept\": 1}')"]


def test_commands_run_at_the_same_time() -> None:
    began = time.monotonic()
    ended = side_by_side([SLEEP, SLEEP, SLEEP])
    assert time.monotonic() - began < 3 * 0.7
    assert [said for _, said in ended] == [{"slept": 1}] * 3
    assert all(cost.wall_seconds > 0.7 > cost.cpu_seconds > 0 for cost, _ in ended)


def test_nothing_keeps_running_when_another_cannot_start(tmp_path: Path) -> None:
    left = tmp_path / "left"
    late = [sys.executable, "-c", f"import time; time.sleep(1); open({str(left)!r}, 'w')"]
    with pytest.raises(ToolMissing, match="no-such-program"):
        side_by_side([late, ["no-such-program"]])
    time.sleep(1.5)
    assert not left.exists()


def test_what_a_job_reports_is_raised(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound):
        run(media("transcode_h264", tmp_path / "none.mp4", tmp_path / "out.mp4", {}))


def test_parameters_reach_the_job_as_they_are() -> None:
    command = media("watermark", Path("a.mp4"), Path("b.mp4"), {"text": "水印 'x'", "size": 10, "lossless": True})
    assert [part for part in command if "=" in part] == ["text=水印 'x'", "size=10", "lossless=true"]


def test_throughput_is_frames_by_wall_time() -> None:
    """N frames in 11 s by the cut job, 2N in 20 s by the copies: 1/11 by 2/20."""
    one = Round(cut=11, copies=20, cut_process=10, copies_process=19, cpu_seconds_per_megapixel=0.01)
    assert one.ratio == pytest.approx(1 / 11 / (2 / 20))
    assert one.process_ratio == pytest.approx(0.95)


@pytest.mark.parametrize(
    ("measured", "said"), [(0.01, ""), (0.019, ""), (0.021, "2.1 times"), (0.0051, ""), (0.0049, "0.5 times")]
)
def test_a_prediction_may_be_wrong_by_a_factor_of_two(measured: float, said: str) -> None:
    assert warning(measured, 0.01).startswith(said)
    assert bool(warning(measured, 0.01)) == bool(said)


def test_every_frame_algorithm_is_measured() -> None:
    found = frame_algorithms()
    assert {"denoise", "watermark"} <= found.keys()
    assert not [name for name in found if name.startswith("transcode")]
    assert all(
        found[name].params == kind.Params(**kind.examples[0])
        for name, kind in all_algorithms().items()
        if name in found
    )


def test_cores_are_given_back() -> None:
    count = [sys.executable, "-c", "import json, os; print(json.dumps({'cores': len(os.sched_getaffinity(0))}))"]
    before = run(count)[1]
    with on_cores(1):
        assert run(count)[1] == {"cores": 1}
    assert run(count)[1] == before


@pytest.mark.slow
def test_an_algorithm_is_measured(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=200)
    one = {"denoise_fast": frame_algorithms()["denoise_fast"]}
    found = cost_of_frames.cost_of_frames(console, tmp_path, work=0.3, rounds=1, algorithms=one)
    measured = found["by_algorithm"]["denoise_fast"]
    assert len(measured["rounds"]) == 1
    assert 0.1 < measured["throughput_ratio"] < 2
    for one_round in measured["rounds"]:
        assert 0 < one_round["cut_process"] < one_round["cut"]
        assert 0 < one_round["copies_process"] < one_round["copies"]
    assert 0.0005 < measured["cpu_seconds_per_megapixel"] < 1
    said = _shown(cost_of_frames.show, found)
    assert f"{measured['throughput_ratio']:.3f}" in said
    assert f"{measured['cpu_seconds_per_megapixel']:.4f}" in said
    assert said.count(machine().partition(", load")[0]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source-640x360-1.mp4"]


@pytest.mark.slow
def test_moving_is_measured(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=200)
    found = moving.moving(console, tmp_path, seconds=0.2, sources=["yuv420p"])
    one = found["milliseconds"]["yuv420p"]
    assert 0 < one["planes"] < one["rgb"] < one["rgb_negative"] * 2
    assert one["decode"] > 0
    assert "(at most 25)" in _shown(moving.show, found)


@pytest.mark.parametrize(("planes", "rgb", "broken"), [(3.0, 25.0, False), (3.1, 20.0, True), (2.0, 25.1, True)])
def test_limits_of_moving_are_those_of_8_bit_420(planes: float, rgb: float, broken: bool) -> None:
    one = {"planes": planes, "rgb": rgb, "rgb_negative": 99.0, "decode": 5.0}
    worse = dict.fromkeys(one, 99.0)
    assert moving.broken_limits({"milliseconds": {"yuv420p": one, "yuv444p": worse}}) is broken


def test_an_unknown_part_is_wrong_usage() -> None:
    command = [sys.executable, "-m", "media_airflow.bench", "--only", "nothing"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 2
    assert "slicing" in ended.stderr


def _shown(show: object, found: object) -> str:
    console = Console(file=io.StringIO(), width=300)
    show(console, found)  # type: ignore[operator]
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())  # captions are wrapped
