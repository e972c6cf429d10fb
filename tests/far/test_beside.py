"""An excerpt without pictures: the ffmpeg program finds the same beside them, or there is none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from av.packet import Packet

from media_ops.frames import gaps
from media_ops.frames.beside import keep_beside
from media_ops.storage.excerpt import Excerpt
from tests.far.films import FILMS, make_film


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


def heard_by_ffmpeg(path: Path) -> str:
    """Name each packet beside the picture: its stream, times, size and digest."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-copyts", "-i", str(path), "-map", "0", "-map", "-0:v"]
    command += ["-c", "copy", "-f", "framehash", "-"]
    return subprocess.run(command, check=True, timeout=60, capture_output=True, text=True).stdout


@pytest.mark.parametrize("name", list(FILMS))
def test_all_beside_the_picture_is_there(folder: Path, tmp_path: Path, name: str) -> None:
    film, path, whole = make_film(folder, name), tmp_path / "excerpt", tmp_path / name
    size = film.stat().st_size
    assert keep_beside(str(film), path, print)
    assert path.stat().st_size < 0.5 * size
    excerpt = Excerpt(path.open("rb"))
    whole.write_bytes(excerpt.read(0, size))
    excerpt.close()
    said = heard_by_ffmpeg(whole)
    assert said.count("\n") > 80
    assert said == heard_by_ffmpeg(film)


def test_one_that_lacks_a_byte_is_none(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = make_film(folder, "film.mkv")

    def too_far(self: gaps.Payloads, packet: Packet[object]) -> None:  # type: ignore[type-var]
        if packet.pos:
            self.gaps.append((packet.pos + 4, packet.pos + 4 + packet.size + 40))

    monkeypatch.setattr(gaps.Payloads, "see", too_far)
    assert keep_beside(str(film), tmp_path / "excerpt", print) is None


def test_what_is_mostly_sound_has_none(tmp_path: Path) -> None:
    films = "-f lavfi -i testsrc2=s=64x36:d=8 -f lavfi -i anoisesrc=r=96000:d=30 -c:v libx264 -c:a pcm_s32le"
    subprocess.run(["ffmpeg", "-v", "error", *films.split(), str(tmp_path / "loud.mkv")], check=True, timeout=60)
    assert keep_beside(str(tmp_path / "loud.mkv"), tmp_path / "excerpt", print) is None
