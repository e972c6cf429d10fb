"""Every outcome on real clips, and an engine that is spoilt on purpose."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from media_ops.conform import one
from media_ops.conform.row import Finding
from media_ops.conform.walk import files_below
from media_ops.errors import SourceNotFound
from media_ops.frames.indexing import build_index
from media_ops.rules import RULES
from media_ops.storage import open_store
from media_ops.trial import Made
from tests.conform.conftest import Clip, Try

Library = Callable[..., Path]


def test_every_outcome_that_is_not_wrong(library: Library, tried: Try, clip: Clip) -> None:
    folder = library("rgb.mkv", "one_frame.mp4", "odd.mkv", "sound_only.m4a")
    (folder / "cut.mp4").write_bytes(clip("plain.mp4").read_bytes()[:60_000])
    (folder / "list.mp4").write_text("ffconcat version 1.0\nfile silent.mp4\n")
    (folder / "notes.txt").write_text("This is no video.\n")
    (folder / "still.jpg").write_bytes(b"\xff\xd8\xff\xe0 which nobody can decode")
    rows = tried(folder)
    assert {name: row.outcome for name, row in rows.items()} == {
        "cut.mp4": "refused",
        "list.mp4": "refused",
        "notes.txt": "skipped",
        "odd.mkv": "refused",
        "one_frame.mp4": "whole",
        "rgb.mkv": "sliced",
        "sound_only.m4a": "skipped",
        "still.jpg": "skipped",
    }
    film = rows["rgb.mkv"]
    assert (film.segments, film.frames, film.reason, film.output) == (2, 25, None, None)
    assert (rows["one_frame.mp4"].segments, rows["one_frame.mp4"].reason) == (1, "it has one frame")
    assert "(rule odd-size)" in str(rows["odd.mkv"].reason)
    assert str(folder) not in str(rows["cut.mp4"].reason)
    assert rows["sound_only.m4a"].reason == "sound only"


def test_a_long_film_is_tried_on_its_first_frames(
    library: Library, tried: Try, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one, "MOST_MEGAPIXELS", 2.0)
    monkeypatch.setattr(one, "FIRST_FRAMES", 30)
    row = tried(library("vfr.mp4"), keep=str(tmp_path / "kept"))["vfr.mp4"]
    assert (row.outcome, row.segments, row.frames) == ("truncated", 2, 30)
    assert "first 30 frames" in str(row.reason)
    assert row.output == str(tmp_path / "kept" / "vfr.mp4.mp4")
    assert build_index(row.output).frames == 30


@pytest.mark.slow
def test_unless_it_is_to_be_tried_in_full(library: Library, tried: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one, "MOST_MEGAPIXELS", 0.5)
    monkeypatch.setattr(one, "FIRST_FRAMES", 10)
    row = tried(library("mpeg4.avi"), full=True)["mpeg4.avi"]
    assert (row.outcome, row.frames) == ("sliced", 100)


def test_frames_that_are_not_those_of_a_whole_decode(
    library: Library, tried: Try, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = one._Examiner.made

    def made(self: one._Examiner, made: Made) -> None:
        store, key = open_store(made.store), str(made.results[1].digests)
        with store.open(key) as file:
            lines = [line.split(b" ") for line in file.read().splitlines()]
        lines[7][1], lines[8][1] = lines[8][1], lines[7][1]
        store.put(key, b"\n".join(b" ".join(line) for line in lines))
        honest(self, made)

    monkeypatch.setattr(one._Examiner, "made", made)
    row = tried(library("full_range.mp4"))["full_range.mp4"]
    assert row.outcome == "wrong"
    assert row.reason == "2 of 25 frames are not those of a whole decode, first 19, but frame 20"


def test_what_takes_too_long_is_wrong(library: Library, tried: Try) -> None:
    before = psutil.Process().children(recursive=True)
    row = tried(library("plain.mp4"), timeout=0.4)["plain.mp4"]
    assert (row.outcome, "no result within" in str(row.reason)) == ("wrong", True), row.reason
    assert set(psutil.Process().children(recursive=True)) <= set(before)


def test_a_crashed_child_is_wrong_even_if_the_next_try_succeeds(
    library: Library, tried: Try, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDIA_OPS_RETRY_DELAY", "0")
    killed = threading.Event()

    def kill_one() -> None:
        while not killed.wait(0.005):
            for child in psutil.Process().children():
                try:
                    if child.cmdline()[4:5] == ["process"]:
                        child.kill()
                        killed.set()
                        return
                except psutil.Error:
                    continue

    killer = threading.Thread(target=kill_one)
    killer.start()
    row = tried(library("full_range.mp4"))["full_range.mp4"]
    killed.set()
    killer.join()
    assert (row.outcome, "a worker crashed" in str(row.reason)) == ("wrong", True), row.reason
    assert "SIGKILL" in str(row.reason)


def test_a_film_refused_by_no_rule_is_wrong(library: Library, tried: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(RULES, "odd-size")
    row = tried(library("odd.mkv"))["odd.mkv"]
    assert (row.outcome, row.reason is not None and row.reason.startswith("refused by no rule")) == ("wrong", True)


def test_what_was_found_is_not_done_again(library: Library, tried: Try, clip: Clip) -> None:
    folder = library("sound_only.m4a")
    (folder / "film.mp4").write_bytes(b"no film")
    first = tried(folder)
    assert first["film.mp4"].outcome == "refused"
    again: dict[str, bool] = {}

    def note(finding: Finding, known: bool) -> None:
        again[finding.row.path] = known

    assert tried(folder, note) == first
    assert again == {"sound_only.m4a": True, "film.mp4": True}
    shutil.copy(clip("one_frame.mp4"), folder / "film.mp4")
    assert tried(folder, note)["film.mp4"].outcome == "whole"
    assert again == {"sound_only.m4a": True, "film.mp4": False}
    (folder / "film.mp4").unlink()
    tried(folder, note, segments=3)
    assert again == {"sound_only.m4a": False, "film.mp4": False}


def test_the_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b/2.mp4", "b/1.mp4", "a.mp4", ".media-ops-7/x.mp4", "kept/a.mp4.mp4", ".hidden/c.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "link").symlink_to(tmp_path / "b")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "a.mp4")
    (tmp_path / "dangling.mp4").symlink_to(tmp_path / "nothing")
    found = [str(path.relative_to(tmp_path)) for path in files_below(tmp_path, tmp_path / "kept")]
    assert found == [".hidden/c.mp4", "a.mp4", "b/1.mp4", "b/2.mp4", "link.mp4"]
    with pytest.raises(SourceNotFound, match="no such folder"):
        files_below(tmp_path / "nowhere")


def test_a_name_that_is_no_text_is_refused_by_a_rule(library: Library, tried: Try) -> None:
    folder = library("one_frame.mp4")
    (folder / "one_frame.mp4").rename(folder / "\udcff.mp4")
    row = tried(folder)["\udcff.mp4"]
    assert (row.outcome, "(rule unreadable-name)" in str(row.reason)) == ("refused", True)
    assert tried(folder)["\udcff.mp4"] == row


def test_no_place_for_an_output_is_wrong_and_the_others_go_on(library: Library, tried: Try, tmp_path: Path) -> None:
    folder = library("sound_only.m4a")
    (folder / "film.mp4").write_bytes(b"no film")
    (tmp_path / "kept" / "film.mp4.mp4").mkdir(parents=True)
    rows = tried(folder, keep=str(tmp_path / "kept"))
    assert {name: row.outcome for name, row in rows.items()} == {"film.mp4": "wrong", "sound_only.m4a": "skipped"}


@pytest.mark.parametrize(
    ("algorithm", "params"),
    [
        pytest.param("denoise", {}, marks=pytest.mark.slow),
        pytest.param("denoise_fast", {"lossless": True}, marks=pytest.mark.slow),
        pytest.param("enhance_color", {"encoder": "ffv1"}, marks=pytest.mark.slow),
        pytest.param("watermark", {"text": "x"}, marks=pytest.mark.slow),
    ],
)
def test_algorithms_that_make_pictures(library: Library, tried: Try, algorithm: str, params: dict[str, Any]) -> None:
    rows = tried(library("silent.mp4", "one_frame.mp4", "odd.mkv"), algorithm=algorithm, params=params)
    film = rows["silent.mp4"]
    assert (film.outcome, film.segments, film.frames) == ("sliced", 2, 100), film.reason
    assert rows["one_frame.mp4"].outcome == "whole"
    refused = params.get("encoder") != "ffv1"
    assert (rows["odd.mkv"].outcome, "rule odd-size" in str(rows["odd.mkv"].reason)) == (
        "refused" if refused else "sliced",
        refused,
    )


def test_an_algorithm_that_makes_pictures(library: Library, tried: Try) -> None:
    film = tried(library("full_range.mp4"), algorithm="watermark", params={"text": "x"})["full_range.mp4"]
    assert (film.outcome, film.segments, film.frames) == ("sliced", 2, 25), film.reason


@pytest.mark.slow
def test_a_result_of_another_algorithm_is_wrong(
    library: Library, tried: Try, monkeypatch: pytest.MonkeyPatch
) -> None:
    from media_ops.algorithms.denoise_fast import DenoiseFast

    monkeypatch.setattr(DenoiseFast, "geometry", lambda self, width, height: (2 * width, height))
    row = tried(library("silent.mp4"), algorithm="denoise_fast")["silent.mp4"]
    assert (row.outcome, row.reason) == ("wrong", "picture size became (320, 180) instead of (640, 180)")
