"""Whole jobs of frame algorithms: cut and in one piece give the same frames, and what is wrong is named."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from media_ops.errors import AlgorithmFailed
from media_ops.frames.fingerprint import exact_digest
from media_ops.frames.indexing import build_index
from media_ops.frames.reader import FrameReader
from media_ops.model import JobOptions, Proof, RunReport, Slicing
from media_ops.performance import Performance
from media_ops.run import run
from media_ops.storage import open_store
from media_ops.trial import Made as Seen
from media_ops.trial import Trial
from tests.contract.conftest import FRAMES
from tests.everyday import ordinarily, slow
from tests.media.conftest import Job

LOSSLESS = {"encoder": "ffv1"}
Made = tuple[RunReport, Path, "Sides"]


def job(name: str, film: Path, output: Path, params: dict[str, Any] | None = None, **options: Any) -> RunReport:
    return run(name, [str(film)], str(output), {**LOSSLESS, **(params or {})}, JobOptions(**options), workers=2)


def done(name: str, film: Path, output: Path, params: dict[str, Any] | None = None, **options: Any) -> RunReport:
    report = job(name, film, output, params, **options)
    assert report.error is None
    assert report.proof is not None
    return report


def shown(path: Path) -> list[tuple[Fraction, bytes]]:
    """Give time and digest of every frame."""
    with av.open(str(path)) as container:
        return [
            (Fraction((frame.pts or 0) * (frame.time_base or 0)), exact_digest(frame, frame.format.name))
            for frame in container.decode(video=0)
        ]


@pytest.fixture(scope="module")
def in_three(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Made]:
    """Give a film that an algorithm worked on in three segments, and what was to be seen at it; each is done once."""
    folder = tmp_path_factory.mktemp("in-three")
    known: dict[str, Made] = {}

    def give(name: str) -> Made:
        if name not in known:
            output, sides = folder / f"{name}.mkv", Sides()
            wish = JobOptions(segments=3)
            report = run(name, [str(film)], str(output), LOSSLESS, wish, workers=2, trial=sides)
            assert report.error is None
            known[name] = report, output, sides
        return known[name]

    return give


@pytest.mark.parametrize(
    "name", ["average", *(slow(name) for name in ("double_rate", "enlarge", "whole_gops", "normalise"))]
)
def test_cut_and_whole_give_the_same_frames(
    name: str, further: Any, in_three: Callable[[str], Made], film: Path, tmp_path: Path
) -> None:
    kind = further(name)
    cut, output, _ = in_three(name)
    whole = done(name, film, tmp_path / "whole.mkv", whole=True)
    assert cut.slicing is not None
    assert cut.slicing.used
    assert shown(output) == shown(tmp_path / "whole.mkv")
    assert cut.proof is not None
    assert whole.proof is not None
    assert (cut.proof.exactness, cut.proof.frames_in) == ("exact", FRAMES)
    assert cut.proof.frames_out == kind.rate * FRAMES
    assert cut.proof.lossless_digest == whole.proof.lossless_digest


@pytest.mark.slow
def test_a_doubled_rate_is_spread_evenly_over_varying_distances(further: Any, film: Path, tmp_path: Path) -> None:
    further("double_rate")
    done("double_rate", film, tmp_path / "out.mp4", {"encoder": "libx264", "preset": "ultrafast"}, segments=3)
    before, after = [time for time, _ in shown(film)], [time for time, _ in shown(tmp_path / "out.mp4")]
    assert after[::2] == before
    assert after[1:-1:2] == [(a + b) / 2 for a, b in zip(before, before[1:], strict=False)]


@pytest.mark.slow
def test_an_enlarged_picture_is_twice_as_large(further: Any, film: Path, tmp_path: Path) -> None:
    further("enlarge")
    report = done("enlarge", film, tmp_path / "out.mp4", {"encoder": "libx264", "preset": "ultrafast"}, segments=2)
    assert report.proof is not None
    assert report.proof.picture_output is not None
    assert (report.proof.picture_output.width, report.proof.picture_output.height) == (320, 192)


def here(
    name: str, film: Path, folder: Path, segments: int, blend: bool = False, **params: Any
) -> tuple[Slicing, Proof]:
    """Do a job in this process, which takes no start of another for each verb."""
    work = Job(film, folder / "work", LOSSLESS | params, name, ".mkv" if params.get("encoder") is None else ".mp4")
    proof = work.run(segments, blend=blend).proof
    assert work.slicing is not None
    return work.slicing, proof


def test_an_endless_memory_is_not_cut(further: Any, film: Path, tmp_path: Path) -> None:
    further("endless_memory")
    slicing, _ = here("endless_memory", film, tmp_path, 4)
    assert (slicing.used, slicing.rule) == (False, "unbounded")


def test_who_takes_whole_gops_is_told_how_many_there_were(further: Any, film: Path, tmp_path: Path) -> None:
    further("whole_gops")
    report = done("whole_gops", film, tmp_path / "out.mkv", segments=20)
    assert report.slicing is not None
    gops = len(build_index(film).closed_ranks())
    assert (report.slicing.used, report.slicing.segments) == (True, gops)
    assert report.warnings == [
        f"{gops} segments, not 20: whole_gops takes whole GOPs only, and the source has {gops} closed GOPs"
    ]


def test_a_film_of_one_gop_is_processed_whole(further: Any, clip: Any, tmp_path: Path) -> None:
    further("whole_gops")
    slicing, _ = here("whole_gops", clip("single_key.mp4"), tmp_path, 3)
    assert (slicing.used, slicing.rule) == (False, "few-gops")
    assert slicing.reason == "whole_gops takes whole GOPs only, and the source has 1 closed GOP"


def test_only_who_asks_for_it_gets_cross_fades(further: Any, film: Path, tmp_path: Path) -> None:
    further("chunked")
    slicing, proof = here("chunked", film, tmp_path, 3)
    assert (slicing.used, slicing.rule) == (False, "blended")
    assert proof.exactness == "exact"


def test_cross_fades_lie_between_the_segments_they_join(further: Any, film: Path, tmp_path: Path) -> None:
    further("chunked")
    sides = Sides()
    report = run(
        "chunked", [str(film)], str(tmp_path / "cut.mkv"), LOSSLESS, JobOptions(segments=2, blend=True),
        workers=2, trial=sides,
    )  # fmt: skip
    assert report.error is None
    assert report.proof is not None
    assert report.proof.exactness == "blended"
    joint = report.proof.joints[0].rank
    made = _luma(tmp_path / "cut.mkv")
    assert len(made) == FRAMES
    assert (len(sides.leaving), len(sides.coming)) == (6, 6)
    for number, (old, new) in enumerate(zip(sides.leaving, sides.coming, strict=True)):
        share = (number + 1) / 7
        expected = np.rint(old + (new.astype(np.float64) - old) * share)
        assert np.abs(made[joint + number] - expected).max() <= 1
    assert np.abs(sides.leaving[0].astype(int) - sides.coming[0]).max() > 0


@pytest.mark.parametrize("source", [slow("film"), "rgb.mkv"])
@pytest.mark.parametrize("params", [{"encoder": "libx264", "lossless": True}, slow({"encoder": "libx265"})])
def test_what_fades_joins_with_segments_of_any_encoder(
    source: str, params: dict[str, Any], further: Any, film: Path, clip: Any, tmp_path: Path
) -> None:
    """From RGB the encoder's format is another than the source's, and what fades is in the encoder's already."""
    further("chunked")
    path = film if source == "film" else clip(source)
    slicing, proof = here("chunked", path, tmp_path, 2, blend=True, preset="ultrafast", **params)
    assert (slicing.used, proof.exactness) == (True, "blended")
    assert len(_luma(tmp_path / "work" / "output.mp4")) == proof.frames_in == build_index(path).frames


BROKEN = [
    ("shape", "shape"),
    ("size", "shape"),
    ("dtype", "float32"),
    ("nan", "NaN"),
    ("nothing", "None"),
    ("raises", "raised ZeroDivisionError at broken.py:"),
    ("writes", "read-only"),
    ("list", "list"),
]


@pytest.mark.parametrize(("how", "words"), BROKEN)
def test_each_way_to_be_broken_has_its_words(how: str, words: str, further: Any, film: Path, tmp_path: Path) -> None:
    further("broken")
    with pytest.raises(AlgorithmFailed, match=f"^broken: .*{words}") as failure:
        here("broken", film, tmp_path, 2, how=how)
    assert (failure.value.code, failure.value.fate) == ("algorithm_failed", "ours")
    assert not list(tmp_path.rglob("output*"))


@pytest.mark.parametrize(("how", "words"), ordinarily(BROKEN, BROKEN[5]))
def test_a_broken_algorithm_is_named(how: str, words: str, further: Any, film: Path, tmp_path: Path) -> None:
    further("broken")
    report = job("broken", film, tmp_path / "out.mkv", {"how": how}, segments=2)
    assert report.error is not None
    assert (report.error["code"], report.error["fate"]) == ("algorithm_failed", "ours")
    assert report.error["message"].startswith("broken: ")
    assert words in report.error["message"]
    assert list(tmp_path.iterdir()) == []


def test_traces_and_report_know_what_an_algorithm_cost(further: Any, in_three: Callable[[str], Made]) -> None:
    further("average")
    report, _, sides = in_three("average")
    assert len(sides.traces) == 3
    megapixels = FRAMES * 160 * 96 / 1e6
    for part in ("algorithm", "moving"):
        expected = sum(trace["metrics"][f"{part}_cpu_seconds"] for trace in sides.traces) / megapixels
        assert report.metrics[f"{part}_cpu_seconds_per_megapixel_frame"] == pytest.approx(expected, rel=0.01)
    for trace in sides.traces:
        metrics = trace["metrics"]
        assert 0 < metrics["algorithm_cpu_seconds"] < 20
        assert 0 < metrics["moving_cpu_seconds"] < 20
        frames = trace["end"] - trace["start"]
        assert metrics["megapixel_frames"] == pytest.approx(frames * 160 * 96 / 1e6)


def test_a_report_says_how_long_each_stage_took(further: Any, film: Path, tmp_path: Path) -> None:
    further("normalise")
    metrics = done("normalise", film, tmp_path / "out.mkv", segments=2).metrics
    stages = [metrics[f"{stage}_wall_seconds"] for stage in ("probe", "analyse", "process", "merge")]
    assert min(stages) > 0.05  # each starts a process
    assert metrics["wall_seconds"] * 0.8 < sum(stages) <= metrics["wall_seconds"]


@pytest.mark.slow
def test_an_encode_algorithm_has_no_such_figures(film: Path, tmp_path: Path) -> None:
    report = run(
        "transcode_h264", [str(film)], str(tmp_path / "o.mp4"), {"preset": "ultrafast"}, JobOptions(whole=True),
        workers=1,
    )  # fmt: skip
    assert report.error is None
    assert not [name for name in report.metrics if name.endswith("per_megapixel_frame")]


def test_reading_is_no_part_of_what_an_analysis_costs(further: Any, film: Path) -> None:
    """The pictures are read while `analyse` runs; decoding them must not count as the algorithm's work."""
    kind = further("normalise")
    index = build_index(film)
    at_work = Performance(kind.from_params(LOSSLESS), index.rows(0, index.frames), {})

    def slow() -> Iterator[tuple[int, av.VideoFrame]]:
        for pair in FrameReader(film, index.rows(0, index.frames)):
            until = time.thread_time() + 0.01
            while time.thread_time() < until:
                pass
            yield pair

    at_work.analysed(slow(), range(10, FRAMES))
    assert at_work.calls == FRAMES - 10
    assert 0 < at_work.algorithm_seconds < 0.01 * FRAMES / 2


class Sides(Trial):
    """Looks into the store before it is gone."""

    def __init__(self) -> None:
        self.leaving: list[Any] = []
        self.coming: list[Any] = []
        self.traces: list[dict[str, Any]] = []

    def began(self, crew: Any) -> None:
        pass

    def made(self, made: Seen) -> None:
        store = open_store(made.store)
        for result in made.results:
            for end, key in result.fades.items():
                setattr(self, "leaving" if end == "out" else "coming", _luma(Path(str(store.path(key)))))
            self.traces.append(result.model_dump(mode="json"))


def _luma(path: Path) -> list[Any]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray()[: frame.height] for frame in container.decode(video=0)]
