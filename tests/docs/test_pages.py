"""The pages in `docs/algorithms/` are what the code gives."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from media_ops.stills.still import MOST_BYTES, WIDTH

FOLDER = Path(__file__).parents[2] / "docs" / "algorithms"


def test_the_texts_are_made_from_the_code() -> None:
    from media_airflow.pages import pages

    written = {path.name: path.read_text() for path in FOLDER.glob("*.md")}
    assert written == pages(), "`make docs` writes them anew"


def test_every_frame_algorithm_has_its_still() -> None:
    from media_airflow.pages import frame_algorithms

    assert {path.stem for path in FOLDER.glob("*.jpg")} == set(frame_algorithms()), "`make docs` draws them"
    for path in FOLDER.glob("*.jpg"):
        assert path.stat().st_size <= MOST_BYTES, path.name
        with Image.open(path) as still:
            assert still.width == WIDTH
            assert still.height > WIDTH // 4
            still.load()


def test_a_part_is_shown_that_changes() -> None:
    import numpy as np

    from media_ops.stills.still import _most_changed

    rng = np.random.default_rng(1)
    before = np.asarray(rng.integers(0, 255, (180, 320, 3)), np.uint8)
    after = before.copy()
    after[100:120, 200:230] ^= 128
    left, top, right, bottom = _most_changed(Image.fromarray(before), Image.fromarray(after))
    assert (right - left, bottom - top) == (80, 45)
    assert left <= 200
    assert right >= 230
    assert top <= 100
    assert bottom >= 120
