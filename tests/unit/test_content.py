"""Content keys: the same for the same work, another for anything that may change what is made."""

from __future__ import annotations

from typing import Any

import pytest

from media_ops import content
from media_ops.algorithm import Algorithm
from media_ops.content import result_key, segment_key
from media_ops.encoders import builds as libraries
from media_ops.model import JobOptions, Segment
from media_ops.registry import get

SEGMENT = Segment(order=1, start=10, end=20, first=8, last=21, label="x", rows="jobs/a/plan/1")


def encode(**params: Any) -> Algorithm:
    return get("transcode_h264").from_params(params)


def of_result(**other: Any) -> str | None:
    given: dict[str, Any] = {
        "algorithm": encode(crf=20),
        "source": "a" * 64,
        "files": {},
        "options": JobOptions(),
        "container": ".mp4",
    }
    return result_key(**{**given, **other})


def of_segment(**other: Any) -> str | None:
    given: dict[str, Any] = {
        "algorithm": encode(crf=20),
        "source": "a" * 64,
        "files": {},
        "segment": SEGMENT,
        "rows": b"rows",
        "artefact": None,
        "how": {"threads": 1},
    }
    return segment_key(**{**given, **other})


@pytest.mark.parametrize(
    "other",
    [
        {"algorithm": encode(crf=20.5)},
        {"algorithm": get("transcode_h265").from_params({"crf": 20})},
        {"source": "b" * 64},
        {"files": {"image": "c" * 64}},
        {"options": JobOptions(whole=True)},
        {"options": JobOptions(verify="full")},
        {"options": JobOptions(segments=3)},
        {"container": ".mkv"},
    ],
)
def test_results(other: dict[str, Any]) -> None:
    assert of_result() == of_result() == of_result(container=".MP4")
    assert len(of_result() or "") == 64
    assert of_result(**other) != of_result()


@pytest.mark.parametrize(
    "other",
    [
        {"algorithm": encode(crf=20, preset="fast")},
        {"source": "b" * 64},
        {"files": {"image": "c" * 64}},
        {"segment": SEGMENT.model_copy(update={"end": 19})},
        {"segment": SEGMENT.model_copy(update={"first": 7})},
        {"segment": SEGMENT.model_copy(update={"fade_in": 2})},
        {"segment": SEGMENT.model_copy(update={"repeat": 1})},
        {"rows": b"other rows"},
        {"artefact": "d" * 64},
        {"how": {"threads": 2}},
    ],
)
def test_segments(other: dict[str, Any]) -> None:
    assert of_segment() not in (None, of_result())
    assert of_segment(**other) != of_segment()


def test_the_place_of_a_segment_in_its_job_does_not_count() -> None:
    moved = SEGMENT.model_copy(update={"order": 7, "label": "y", "rows": "jobs/b/plan/7"})
    assert of_segment(segment=moved) == of_segment()


def test_who_makes_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = of_result(), of_segment()
    made = libraries.builds("libx264")
    assert made
    assert made["encoder"].startswith("libx264-")
    for name in made:
        with monkeypatch.context() as patch:
            patch.setattr(content, "builds", lambda codec, name=name: {**made, name: "another"})
            assert of_result() != before[0]
            assert of_segment() != before[1]
    for name in ("_software", "_code"):
        with monkeypatch.context() as patch:
            patch.setattr(content, name, lambda *_: "another")
            assert of_result() != before[0]
    assert (of_result(), of_segment()) == before


def test_the_version_of_an_algorithm_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = of_result()
    monkeypatch.setattr(get("transcode_h264"), "version", "99")
    assert of_result() != before


def test_libraries_that_are_not_the_wheels_have_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "builds", lambda codec: None)
    assert (of_result(), of_segment()) == (None, None)


@pytest.mark.parametrize(
    ("codec", "library"),
    [("libx264", "libx264"), ("libx265", "libx265"), ("libsvtav1", "libSvtAv1Enc"), ("ffv1", "libavcodec")],
)
def test_the_files_of_the_wheel(codec: str, library: str) -> None:
    found = libraries.builds(codec)
    assert found
    assert found["encoder"].startswith(f"{library}-")
    assert found["libavcodec"].startswith("libavcodec-")


def test_a_file_that_a_parameter_names_counts_by_its_content() -> None:
    def mark(path: str, digest: str) -> str | None:
        return of_result(algorithm=get("watermark").from_params({"image": path}), files={"image": digest})

    assert mark("/a/logo.png", "1" * 64) == mark("/b/logo.png", "1" * 64)
    assert mark("/a/logo.png", "1" * 64) != mark("/a/logo.png", "2" * 64)
