"""What a ladder is asked for: its renditions, their names, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from media_ops.errors import ParamsInvalid
from media_ops.manifest import common, manifest_of, output_of
from media_ops.model import JobOptions
from media_ops.registry import get
from media_ops.run import run


def names(lines: int | None = None, **params: Any) -> list[str]:
    return list(get("ladder").from_params(params).renditions(lines))


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (2160, ["1080p", "720p", "480p", "360p"]),
        (1080, ["1080p", "720p", "480p", "360p"]),
        (720, ["720p", "480p", "360p"]),
        (576, ["source", "480p", "360p"]),
        (360, ["360p"]),
        (100, ["source"]),
    ],
)
def test_the_usual_ladder_is_no_larger_than_the_source(lines: int, wanted: list[str]) -> None:
    assert names(lines) == wanted
    assert {*wanted} <= {*names()}


@pytest.mark.parametrize(
    ("renditions", "wanted"),
    [
        ([{"height": 720}, {"height": 360}, {}], ["720p", "360p", "source"]),
        ([{"height": 720}, {"height": 720, "codec": "av1"}, {}], ["720p-h264", "720p-av1", "source"]),
        (
            [{"height": 720, "bitrate": "2.5M"}, {"height": 720, "crf": 30}, {"height": 480, "bitrate": "1M"}],
            ["720p-h264-2_5M", "720p-h264-crf30", "480p"],
        ),
        ([{"height": 720, "name": "large"}, {"height": 720, "crf": 30}], ["large", "720p"]),
    ],
)
def test_names_are_as_short_as_they_can_be(renditions: list[dict[str, Any]], wanted: list[str]) -> None:
    assert names(1080, renditions=renditions) == wanted


def test_a_rendition_is_the_job_of_its_codec() -> None:
    ladder = get("ladder").from_params({"renditions": [{"codec": "h265", "height": 720, "maxrate": "3M"}]})
    (one,) = ladder.renditions(1080).values()
    assert one.name() == "transcode_h265"
    wanted = {"height": 720, "maxrate": "3M", "key_seconds": 2.0}
    assert one.params == get("transcode_h265").from_params(wanted).params


@pytest.mark.parametrize(("bitrate", "looks"), [(None, "no"), ("1M", "joined")])
def test_a_ladder_looks_where_a_rendition_does(bitrate: str | None, looks: str) -> None:
    params = {"renditions": [{"height": 720}, {"height": 360, "bitrate": bitrate}]}
    assert get("ladder").from_params(params).looks() == looks


REFUSED: list[tuple[list[dict[str, Any]], str]] = [
    ([{"height": 2 * height} for height in range(20, 29)], "renditions: .* at most 8 items .* not 9"),
    ([{"height": 90}, {"height": 90}], "renditions 1 and 2 .* are the same"),
    ([{"height": 90}, {"height": 80}, {"height": 90, "crf": 23, "name": "x"}], r"1 and 3 \(90p, x\) are the same"),
    ([{"height": 90, "bitrate": "1M"}, {"height": 90, "bitrate": "1000k"}], "are the same"),
    ([{"height": 90, "maxrate": "1M"}, {"height": 90, "maxrate": "1M", "bufsize": "2M"}], "are the same"),
    ([{"height": 90, "name": "x"}, {"height": 80, "name": "x"}], "two renditions are called 'x'"),
    ([{"height": 90, "crf": 20, "bitrate": "1M"}], "renditions.0: one of crf and bitrate only"),
    ([{"height": 90, "crf": 52}], "rendition 90p-h264-crf52: .*crf: Input should be less than or equal to 51"),
    ([{"height": 91}], "height: Input should be a multiple of 2"),
    ([{"codec": "av1", "maxrate": "1M"}], "maxrate: there is no such parameter"),
    ([{"codec": "vp9"}], "codec: Input should be"),
    ([{"name": "../x"}], "name: String should match"),
    ([{"colour": "red"}], "there is no such parameter"),
]


@pytest.mark.parametrize(("renditions", "words"), REFUSED)
def test_a_ladder_that_cannot_be_is_refused_before_anything_is_read(
    renditions: list[dict[str, Any]], words: str
) -> None:
    with pytest.raises(ParamsInvalid, match=f"^ladder: .*{words}"):
        get("ladder").from_params({"renditions": renditions})


def test_eight_renditions_are_not_too_many() -> None:
    assert len(names(1080, renditions=[{"height": 2 * height} for height in range(20, 28)])) == 8


@pytest.mark.parametrize(
    ("renditions", "rule", "words"),
    [
        (
            [{"height": 90}, {"height": 182}],
            "larger-than-source",
            "182 lines is larger than the source, which has 180",
        ),
        ([{"height": 180}, {}], None, "renditions 1 and 2 (180p, source) are the same"),
        ([{"height": 90}, {"height": 80, "bitrate": "1k"}], "rate-too-low", "bitrate: 1 kbit/s is too little"),
    ],
)
def test_what_this_source_does_not_allow_is_refused_before_it_is_cut(
    renditions: list[dict[str, Any]], rule: str | None, words: str, clip: Any, tmp_path: Path
) -> None:
    events: list[Any] = []
    output, params = str(tmp_path / "out.mp4"), {"renditions": renditions}
    report = run("ladder", [str(clip("silent.mp4"))], output, params, JobOptions(), workers=1, on_event=events.append)
    assert report.error is not None
    assert (report.error["code"], report.error.get("rule")) == ("params_invalid", rule)
    assert words in report.error["message"]
    assert {event.stage for event in events} == {"probe"}
    assert list(tmp_path.iterdir()) == []


def test_larger_than_the_source_is_for_those_who_ask() -> None:
    renditions = [{"height": 720}, {"height": 360}]
    assert names(360, renditions=renditions, upscale=True) == ["720p", "360p"]


def test_files_stand_beside_the_output_that_was_asked_for() -> None:
    assert output_of("/films/a.b/film.mp4", "720p") == "/films/a.b/film.720p.mp4"
    assert output_of("s3://bucket/film.mkv", "source") == "s3://bucket/film.source.mkv"
    assert manifest_of("/films/a.b/film.mp4") == "/films/a.b/film.ladder.json"


def test_a_file_of_a_ladder_never_takes_the_place_of_the_source(clip: Any, tmp_path: Path) -> None:
    source = tmp_path / "film.90p.mp4"
    source.hardlink_to(clip("silent.mp4"))
    params = {"renditions": [{"height": 90}]}
    report = run("ladder", [str(source)], str(tmp_path / "film.mp4"), params, JobOptions(), workers=1)
    assert report.error is not None
    assert "it is the input itself" in report.error["message"]
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("there", ["film.90p.mp4", "film.90p.mp4.proof.json", "film.ladder.json"])
def test_nothing_that_is_there_is_replaced_unasked(there: str, clip: Any, tmp_path: Path) -> None:
    (tmp_path / there).write_text("mine")
    params = {"renditions": [{"height": 90}]}
    source, output = str(clip("silent.mp4")), str(tmp_path / "film.mp4")
    report = run("ladder", [source], output, params, JobOptions(), workers=1, replace=False)
    assert report.error is not None
    assert report.error["code"] == "output_exists"
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(there, "mine")]


def test_warnings_of_all_renditions_are_said_once() -> None:
    said = common([("a", ["sound is dropped", "slow"]), ("b", ["sound is dropped"])])
    assert said == ["sound is dropped", "a: slow"]
