"""Whole DAG runs that are refused: at their first try, and nothing is left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.dags.conftest import Place, Run
from tests.dags.test_run import kept, link
from tests.everyday import ordinarily, slow

pytestmark = pytest.mark.airflow


def bad_missing(place: Place, clip: Path) -> dict[str, Any]:
    return {"source": str(place.root / "gone.mp4")}


def bad_empty(place: Place, clip: Path) -> dict[str, Any]:
    (place.root / "empty.mp4").touch()
    return {"source": str(place.root / "empty.mp4")}


def bad_text(place: Place, clip: Path) -> dict[str, Any]:
    (place.root / "text.mp4").write_text("this is no video\n" * 100)
    return {"source": str(place.root / "text.mp4")}


def bad_truncated(place: Place, clip: Path) -> dict[str, Any]:
    (place.root / "half.mp4").write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    return {"source": str(place.root / "half.mp4")}


def bad_audio_only(place: Place, clip: Path) -> dict[str, Any]:
    from tests.dags.conftest import ffmpeg

    return {"source": str(ffmpeg(place.root / "tone.m4a", "-i", str(clip), "-vn", "-c", "copy"))}


def bad_folder(place: Place, clip: Path) -> dict[str, Any]:
    (place.root / "folder.mp4").mkdir()
    return {"source": str(place.root / "folder.mp4")}


def bad_scheme(place: Place, clip: Path) -> dict[str, Any]:
    return {"source": "gopher://host/clip.mp4"}


def bad_dots(place: Place, clip: Path) -> dict[str, Any]:
    link(clip, place.outside)
    return {"source": f"{place.root}/../outside/{clip.name}"}


def bad_symlink(place: Place, clip: Path) -> dict[str, Any]:
    (place.root / "link.mp4").symlink_to(clip)
    return {"source": str(place.root / "link.mp4")}


def bad_output(place: Place, clip: Path) -> dict[str, Any]:
    return {"output": str(place.outside / "out.mp4")}


def bad_output_itself(place: Place, clip: Path) -> dict[str, Any]:
    return {"output": str(place.root / clip.name)}


def bad_unknown(place: Place, clip: Path) -> dict[str, Any]:
    return {"krf": 20}


BAD: dict[Callable[[Place, Path], dict[str, Any]], tuple[str, str]] = {
    bad_missing: ("source_not_found", "gone.mp4"),
    bad_empty: ("not_media", "empty.mp4"),
    bad_text: ("not_media", "text.mp4"),
    bad_truncated: ("not_media", "half.mp4"),
    bad_audio_only: ("no_video", "tone.m4a"),
    bad_folder: ("source_not_found", "folder.mp4"),
    bad_scheme: ("source_not_allowed", "gopher"),
    bad_dots: ("source_not_allowed", "../outside"),
    bad_symlink: ("source_not_allowed", "link.mp4"),
    bad_output: ("source_not_allowed", "out.mp4"),
    bad_output_itself: ("params_invalid", "source itself"),
    bad_unknown: ("params_invalid", "'krf'"),
}


# Whole runs, one for each place that refuses: the child, the allowed folders, the form; the others are slow.
ORDINARY = (bad_text, bad_symlink, bad_unknown)


@pytest.mark.parametrize("make", ordinarily(BAD, *ORDINARY), ids=lambda make: make.__name__)
def test_bad_input_fails_at_once_and_leaves_nothing(
    run: Callable[..., Run], place: Place, clip: Path, make: Callable[[Place, Path], dict[str, Any]]
) -> None:
    code, named = BAD[make]
    conf = {"source": link(clip, place.root), "output": str(place.root / "out" / "out.mp4")}
    done = run(**{**conf, **make(place, clip)})
    assert (done.state, done.states("probe"), done.tries("probe")) == ("failed", ["failed"], [1])
    assert done.states("merge") == ["upstream_failed"]
    assert done.states("notify") == ["success"]
    (error,) = done.outcome["errors"]
    assert (done.outcome["outcome"], error["code"], error["fate"]) == ("failed", code, "input")
    assert named in error["message"]
    assert "\n" not in error["message"]
    assert not (place.root / "out").exists()
    assert not (place.outside / "out.mp4").exists()
    assert place.leftovers() == []


def test_a_value_out_of_range_is_refused_before_a_run_exists(
    run: Callable[..., Run], place: Place, clip: Path
) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError, match="99"):
        run(source=link(clip, place.root), output=str(place.root / "out.mp4"), crf=99)
    assert place.leftovers() == []


@pytest.mark.parametrize(
    ("logo", "code", "words"),
    [
        ("outside/logo.png", "source_not_allowed", "parameter image"),
        slow("root/none.png", "source_not_found", "none.png"),
        slow("root/clip.mp4", "params_invalid", "parameter image"),
    ],
)
def test_a_bad_logo_is_refused_at_once(
    run: Callable[..., Run], place: Place, clip: Path, logo: str, code: str, words: str
) -> None:
    from PIL import Image

    Image.new("RGB", (4, 4)).save(place.outside / "logo.png")
    source, image = link(clip, place.root), str(place.root.parent / logo)
    done = run("watermark", source=source, output=str(place.root / "out.mp4"), image=image)
    assert (done.state, done.states("probe"), done.tries("probe")) == ("failed", ["failed"], [1])
    (error,) = done.outcome["errors"]
    assert (error["code"], error["fate"]) == (code, "input")
    assert words in error["message"]
    assert kept(place) <= {"index", "source"}
