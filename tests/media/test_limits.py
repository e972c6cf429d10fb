"""No picture larger than the limit is ever decoded, whether the header says it or the stream grows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from media_ops.errors import Unsupported
from media_ops.frames.film import Film

Clip = Callable[[str], Path]


def test_a_picture_above_the_limit_is_refused(
    clip: Clip, job: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    work = job(clip("tiny.mp4"))
    monkeypatch.setenv("MEDIA_OPS_MAX_PIXELS", str(160 * 90))
    assert work.run(2).proof.frames_out == 25
    monkeypatch.setenv("MEDIA_OPS_MAX_PIXELS", str(160 * 90 - 1))
    with pytest.raises(Unsupported, match="160x90 is larger than is decoded") as refused:
        job(clip("tiny.mp4")).run(2)
    assert refused.value.rule == "too-large"


def test_a_picture_that_grows_above_the_limit_is_not_decoded(
    clip: Clip, job: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown = tmp_path / "grown.ts"
    grown.write_bytes(clip("narrow.ts").read_bytes() + clip("h264.ts").read_bytes())
    film = Film(str(grown))
    assert sizes(film) == {(128, 96), (320, 180)}
    assert not film.lost
    monkeypatch.setenv("MEDIA_OPS_MAX_PIXELS", str(128 * 100))
    film = Film(str(grown))
    assert sizes(film) == {(128, 96)}
    assert film.lost


def sizes(film: Film) -> set[tuple[int, int]]:
    return {(frame.width, frame.height) for frame in film.play()}
