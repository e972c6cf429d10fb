"""`measure_quality`: cut anywhere, its numbers are those of one run, and each frame has them once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from media_ops.errors import SegmentsDisagree, SourceChanged
from media_ops.model import JobOptions, RunReport
from media_ops.reporting import check_segments, joined, report
from media_ops.requests import MeasureRequest, MeasureResult, ProbeRequest, ReportRequest
from media_ops.run import run
from tests.quality.conftest import Film

MOVING = "testsrc2=s=160x90:r=25:d=3"
VARYING = ["-vf", "select='not(eq(mod(n,7),3))*not(eq(mod(n,7),4))'", "-fps_mode", "passthrough"]
VARYING += ["-enc_time_base", "-1"]
AGAIN = ["-fps_mode", "passthrough", "-enc_time_base", "-1", "-c:v", "libx264", "-crf", "34"]


@pytest.fixture(scope="session")
def films(film: Film) -> tuple[Path, Path]:
    """Give a source of varying frame rate with B-frames, and what was made of it."""
    source = film("source.mp4", "-f", "lavfi", "-i", MOVING, *VARYING, "-c:v", "libx264", "-g", "20", "-crf", "12")
    return source, film("made.mp4", "-i", source, *AGAIN, "-g", "33")


def job(films: tuple[Path, Path], output: Path, **options: Any) -> RunReport:
    params = options.pop("params", {})
    replace = options.pop("replace", True)
    inputs = [str(path) for path in films]
    return run("measure_quality", inputs, str(output), params, JobOptions(**options), workers=2, replace=replace)


@pytest.fixture(scope="module")
def whole(films: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    found = job(films, folder / "q.json", whole=True)
    assert found.error is None, found.error
    assert found.outputs == [str(folder / name) for name in ("q.json", "q.frames.csv", "q.plot.png")]
    return folder


@pytest.mark.parametrize("segments", [2, 5])
def test_cut_anywhere_the_numbers_are_the_same(
    films: tuple[Path, Path], whole: Path, tmp_path: Path, segments: int
) -> None:
    found = job(films, tmp_path / "q.json", segments=segments)
    assert found.error is None, found.error
    assert (tmp_path / "q.frames.csv").read_text() == (whole / "q.frames.csv").read_text()
    told, one = (json.loads((folder / "q.json").read_text()) for folder in (tmp_path, whole))
    assert told["scores"] == one["scores"]
    assert told["measurement"]["slicing"]["segments"] == segments
    assert len(told["measurement"]["joints"]) == segments - 1
    assert told["measurement"]["pts_digest"] == one["measurement"]["pts_digest"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["q.frames.csv", "q.json", "q.plot.png"]


def test_it_is_what_the_command_measures(films: tuple[Path, Path], whole: Path, tmp_path: Path) -> None:
    from tests.quality.conftest import quality

    one, other = json.loads((whole / "q.json").read_text()), quality(*films, vmaf=True)
    for name, summary in other.scores.items():
        assert one["scores"][name]["mean"] == pytest.approx(summary.mean, abs=1e-9)
    assert one["vmaf_model"] == other.vmaf_model


def test_only_what_is_asked_for_is_written(films: tuple[Path, Path], tmp_path: Path) -> None:
    off = {"vmaf": False, "plot": False, "table": False}
    assert job(films, tmp_path / "q.json", segments=3, params=off).outputs == [str(tmp_path / "q.json")]
    assert "vmaf" not in json.loads((tmp_path / "q.json").read_text())["scores"]
    (tmp_path / "q.json").rename(tmp_path / "q.frames.csv")
    kept = job(films, tmp_path / "q.json", params=off | {"table": True}, replace=False)
    assert kept.error is not None
    assert kept.error["code"] == "output_exists"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["q.frames.csv"]


def test_bad_input_is_refused_by_name(films: tuple[Path, Path], film: Film, tmp_path: Path) -> None:
    source, made = films
    short = film("short.mp4", "-i", made, "-frames:v", "20", *AGAIN)
    text = tmp_path / "text.mp4"
    text.write_text("no film")
    cases: list[tuple[tuple[Path, Path], str, str]] = [
        ((source, short), "q.json", "not_comparable"),
        ((source, text), "q.json", "not_media"),
        ((source, tmp_path / "missing.mp4"), "q.json", "params_invalid"),
        ((source, made), "q.mp4", "unsupported"),
        ((source, made), "q.txt", "unsupported"),
    ]
    for inputs, name, code in cases:
        found = job(inputs, tmp_path / name)
        assert found.error is not None
        assert (found.error["code"], found.error["fate"]) == (code, "input")
    assert run("measure_quality", [str(source)], str(tmp_path / "q.json"), {}, JobOptions(), workers=1).error
    film_as_document = run("transcode_h264", [str(source)], str(tmp_path / "q.json"), {}, JobOptions(), workers=1)
    assert film_as_document.error is not None
    assert film_as_document.error["code"] == "unsupported"
    assert [path.name for path in tmp_path.iterdir()] == ["text.mp4"]


class Steps:
    """A job in this process, to be spoiled between its verbs."""

    def __init__(self, films: tuple[Path, Path], folder: Path) -> None:
        from media_ops.cut import cut
        from media_ops.measuring import measure_segment
        from media_ops.probe import probe
        from media_ops.registry import get
        from media_ops.storage import open_store

        self.films = [Path(shutil.copy(path, folder)) for path in films]
        self.folder, self.store = folder, open_store(str(folder / "store"))
        self.ask: dict[str, Any] = {
            "source": str(self.films[0]),
            "store": str(folder / "store"),
            "prefix": "job",
            "algorithm": "measure_quality",
            "params": {"made": str(self.films[1]), "vmaf": False},
        }
        probed = probe(ProbeRequest(**self.ask, container=".json"), lambda done, total: None)
        ready = get("measure_quality").from_params(self.ask["params"])
        self.plan = cut(probed, ready, JobOptions(segments=3), store=self.ask["store"], prefix="job", workers=2)
        self.more: dict[str, Any] = {"files": probed.files}
        self.index = probed.index
        self.results = [
            measure_segment(
                MeasureRequest(segment=segment, trace_id="one", **self.ask, **self.more), lambda done, total: None
            )
            for segment in self.plan.segments
        ]

    def report(self) -> Any:
        request = ReportRequest(
            output=str(self.folder / "q.json"),
            plan=self.plan,
            index=self.index,
            results=self.results,
            **self.ask,
            **self.more,
        )
        return report(request, self.folder, lambda done, total: None)


@pytest.fixture
def steps(films: tuple[Path, Path], tmp_path: Path) -> Steps:
    return Steps(films, tmp_path)


def test_a_frame_that_was_measured_twice_or_not_at_all_is_noticed(steps: Steps) -> None:
    from media_ops.storage.artefact import packed, unpacked

    def spoil(change: Any) -> None:
        with steps.store.open(steps.results[1].key) as file:
            rows = unpacked(file.read())
        steps.store.put(steps.results[1].key, packed({name: change(values) for name, values in rows.items()}))

    frames = steps.plan.frames
    assert len(joined(steps.store, steps.results, frames).rows["psnr"]) == frames
    spoil(lambda values: values[1:])
    with pytest.raises(SegmentsDisagree, match=f"not each of {frames} exactly once"):
        steps.report()
    spoil(lambda values: np.concatenate([values[:1], values]))
    with pytest.raises(SegmentsDisagree, match="exactly once"):
        steps.report()
    assert not (steps.folder / "q.json").exists()


def test_segments_that_saw_other_frames_or_measured_otherwise_are_noticed(steps: Steps) -> None:
    good = steps.results

    def against(results: list[MeasureResult], part: str) -> None:
        with pytest.raises(SegmentsDisagree, match=part):
            check_segments(steps.plan, results)

    check_segments(steps.plan, good)
    against(good[:2], "planned segments")
    other = good[1].model_copy(update={"fingerprints": {rank: "x" for rank in good[1].fingerprints}})
    against([good[0], other, good[2]], "is not the same frame")
    other = good[1].model_copy(update={"told": good[1].told | {"size": "80x45"}})
    against([good[0], other, good[2]], "in different ways")


@pytest.mark.parametrize("which", [0, 1])
def test_a_film_that_is_changed_meanwhile_is_noticed(steps: Steps, which: int) -> None:
    with steps.films[which].open("ab") as file:
        file.write(b"more")
    with pytest.raises(SourceChanged):
        steps.report()
    assert not (steps.folder / "q.json").exists()


def test_a_film_is_never_written_over(films: tuple[Path, Path], tmp_path: Path) -> None:
    made = Path(shutil.copy(films[1], tmp_path / "q.plot.png"))
    found = job((films[0], made), tmp_path / "q.json", params={"vmaf": False})
    assert found.error is not None
    assert (found.error["code"], "one of the films" in found.error["message"]) == ("params_invalid", True)
    assert made.read_bytes() == films[1].read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["q.plot.png"]
