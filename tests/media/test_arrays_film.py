"""What an algorithm is told about its film, and what it may give back for a picture."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from media_ops.errors import AlgorithmFailed
from media_ops.frame import Film, Format, Luma, Planes, Rgb
from media_ops.frames.checked import check_picture
from media_ops.frames.filmed import film as describe
from media_ops.frames.filmed import turn
from tests.media.pictures import (
    facts_of,
    frames_of,
    planes_of,
)

MATRICES = [
    (1, 0, 0, 1),
    (-1, 0, 0, 1),
    (1, 0, 0, -1),
    (-1, 0, 0, -1),
    (0, 1, -1, 0),
    (0, -1, 1, 0),
    (0, 1, 1, 0),
    (0, -1, -1, 0),
]


@pytest.mark.parametrize("matrix", MATRICES)
def test_turning_and_mirroring_are_told_as_a_player_does_them(
    clip: Callable[[str], Path], tmp_path: Path, job: Callable[..., Any], matrix: tuple[int, int, int, int]
) -> None:
    a, b, c, d = (65536 * n for n in matrix)
    turned = tmp_path / "turned.mp4"
    with av.open(str(clip("silent.mp4"))) as source, av.open(str(turned), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        stream.set_display_matrix((a, b, 0, c, d, 0, 0, 0, 1 << 30))
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                output.mux(packet)
    from media_ops.frames.look import display_matrix

    frame = frames_of(turned)[0]
    rotation, mirrored = turn(display_matrix(frame))
    coded = planes_of(frame)[0]
    shown = np.rot90(coded[:, ::-1] if mirrored else coded, -rotation // 90)
    options = "-frames:v 1 -pix_fmt yuv420p -f rawvideo -"
    command = ["ffmpeg", "-v", "error", "-i", str(turned), *options.split()]
    raw = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    played = np.frombuffer(raw, np.uint8)[: shown.size].reshape(shown.shape)
    assert np.array_equal(shown, played)


def test_a_matrix_that_says_nothing_turns_nothing() -> None:
    assert turn(None) == (0, False)
    assert turn((0,) * 9) == (0, False)
    assert turn((60000, 20000, 0, -20000, 60000, 0, 0, 0, 1 << 30)) == (0, False)


def test_the_film_is_described() -> None:
    facts = facts_of(
        VideoFrame(720, 576, "yuv422p10le"),
        colour=(9, 16, 9, 1),
        sample_aspect_ratio=Fraction(16, 15),
        interlaced=True,
        display_matrix=(0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30),
    )
    what = describe(facts, 7, Fraction(7, 25), {"logo": b"x"}, {"mean": np.zeros(3)})
    assert (what.width, what.height, what.frames) == (720, 576, 7)
    assert (what.duration, what.rate) == (Fraction(7, 25), Fraction(25))
    assert (what.depth, what.planes, what.subsampling, what.full_range) == (10, 3, (2, 1), False)
    assert (what.matrix, what.transfer, what.primaries) == ("bt2020nc", "smpte2084", "bt2020")
    assert (what.sample_aspect_ratio, what.interlaced) == (Fraction(16, 15), True)
    assert (what.rotation, what.mirrored) == (90, False)
    assert what.files == {"logo": b"x"}
    assert set(what.artefact) == {"mean"}
    assert describe(replace(facts, pixel_format="yuvj420p"), 1, Fraction(1)).full_range


FILM = Film(width=5, height=3, frames=1, duration=Fraction(1), rate=Fraction(25))
DEEP = replace(FILM, depth=10)


def planes(kind: Any = np.uint8) -> list[NDArray[Any]]:
    return [np.zeros((3, 5), kind), np.zeros((2, 3), kind), np.zeros((2, 3), kind)]


@pytest.mark.parametrize(
    ("picture", "form", "film", "words"),
    [
        (None, Rgb(), FILM, "the picture is None, not a numpy array"),
        ([[1]], Luma(), FILM, "the picture is a list, not a numpy array"),
        (np.zeros((3, 5), np.uint8), Rgb(), FILM, r"shape \[3, 5\] where \[3, 5, 3\] is due"),
        (np.zeros((3, 5, 4), np.uint8), Rgb(), FILM, r"shape \[3, 5, 4\]"),
        (np.zeros((5, 3, 3), np.uint8), Rgb(), FILM, r"shape \[5, 3, 3\]"),
        (np.zeros((3, 5, 3), np.uint16), Rgb(), FILM, "uint16 where uint8 is due"),
        (np.zeros((3, 5, 3), np.uint8), Rgb(), DEEP, "uint8 where uint16 is due"),
        (np.zeros((3, 5, 3)), Rgb(), FILM, "float64 where uint8 is due"),
        (np.full((3, 5, 3), np.nan, np.float32), Rgb(), FILM, "float32, with NaN in it, where uint8 is due"),
        (np.full((3, 5), np.inf), Luma(), FILM, "with infinite numbers in it"),
        (np.zeros((3, 5), ">u2"), Luma(), DEEP, ">u2|>uint16|uint16 where uint16"),
        (np.full((3, 5), 1024, np.uint16), Luma(), DEEP, "holds 1024, and code values of 10 bits end at 1023"),
        (np.zeros((3, 5), np.uint8), Planes(), FILM, "is a ndarray, not a tuple of the planes Y, U, V"),
        (planes()[:2], Planes(), FILM, "has 2 planes where Y, U, V are due"),
        ([planes()[0]] * 3, Planes(), FILM, r"plane U has the shape \[3, 5\] where \[2, 3\] is due"),
        ([*planes(np.uint16)[:2], np.full((2, 3), 4095, np.uint16)], Planes(), DEEP, "plane V holds 4095"),
    ],
)
def test_what_is_no_picture_is_named(picture: Any, form: Format, film: Film, words: str) -> None:
    with pytest.raises(AlgorithmFailed, match=words):
        check_picture(picture, form, film, (5, 3))


def test_pictures_pass() -> None:
    check_picture(np.zeros((3, 5, 3), np.uint8), Rgb(), FILM, (5, 3))
    check_picture(np.full((3, 5, 3), 65535, np.uint16), Rgb(), DEEP, (5, 3))
    check_picture(np.full((3, 5), 255, np.uint8)[::-1], Luma(), FILM, (5, 3))
    check_picture(tuple(planes()), Planes(), FILM, (5, 3))
    check_picture([p[::2] for p in (np.zeros((6, 10), np.uint8),)], Planes(), replace(FILM, planes=1), (10, 3))
