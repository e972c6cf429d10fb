"""Deep RGB with alpha loses its alpha, and nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from media_ops.encoders.segment import SegmentEncoder
from media_ops.encoders.x265 import x265
from media_ops.frames.indexing import build_index
from tests.contract.splitting import planes_of


@pytest.mark.parametrize(("given", "taken"), [("gbrap10le", "gbrp10le"), ("gbrap12le", "gbrp12le")])
def test_every_colour_sample_stays(given: str, taken: str, tmp_path: Path) -> None:
    source = tmp_path / "deep.mkv"
    drawn = f"testsrc2=s=322x182:d=0.2,format={given}"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", drawn, "-c:v", "ffv1", str(source)]
    subprocess.run(command, check=True, timeout=60)
    settings = x265(crf=20, preset="ultrafast", lossless=False)
    facts = build_index(source).facts
    assert facts.pixel_format == given
    with av.open(str(source)) as film, SegmentEncoder(tmp_path / "made.nut", settings, facts, [0], 1) as encoder:
        assert encoder.target.pixel_format == taken
        for frame in film.decode(video=0):
            for before, after in zip(planes_of(frame), planes_of(encoder.convert(frame)), strict=False):
                assert np.array_equal(before, after)
