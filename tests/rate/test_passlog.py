"""What a first pass leaves, on its way to the second one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from media_ops.errors import OurError
from media_ops.rate.passlog import packed, spent, stats_path, trim, unpack

LOG = """#options: 320x180
in:0 out:0 type:I dur:2 cpbdur:2 q:35.40 aq:31.97 tex:300 mv:80 misc:10 imb:240 pmb:0 smb:0 d:- ref:;
in:2 out:1 type:P q:24.00 q-aq:1 tex:20 mv:4 misc:1 icu:0.0 pcu:1.0 scu:0.0 ;
"""


def test_its_bits_are_summed(tmp_path: Path) -> None:
    (tmp_path / "passlog").write_text(LOG)
    assert spent(tmp_path) == (2, 320, 84, 11)


def test_it_comes_back_as_it_was_and_is_named_by_its_content(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    (here / "passlog").write_text(LOG)
    (here / "passlog.mbtree").write_bytes(bytes(range(256)))
    (here / "first.nut").write_bytes(b"not of it")
    data, name = packed(here)
    unpack(data, there)
    assert sorted(path.name for path in there.iterdir()) == ["passlog", "passlog.mbtree"]
    assert (there / "passlog.mbtree").read_bytes() == bytes(range(256))
    assert packed(there)[1] == name
    (there / "passlog.mbtree").write_bytes(b"other")
    assert packed(there)[1] != name


def test_it_writes_nowhere_else(tmp_path: Path) -> None:
    files: dict[str, Any] = {"../passlog": np.zeros(1, np.uint8)}
    np.savez(tmp_path / "evil.npz", **files)
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OurError, match="named"):
        unpack((tmp_path / "evil.npz").read_bytes(), folder)


def test_a_path_with_a_colon_can_be_told_to_x265(tmp_path: Path) -> None:
    folder = tmp_path / "a:b=c"
    folder.mkdir()
    with stats_path(folder) as path:
        assert ":" not in path
        Path(path).write_text(LOG)
    assert (folder / "passlog").read_text() == LOG


def test_frames_that_were_only_looked_at_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "passlog").write_text(LOG)
    trim(tmp_path, 2)
    assert (tmp_path / "passlog").read_text() == "".join(LOG.splitlines(keepends=True)[:2])
    assert spent(tmp_path) == (1, 300, 80, 10)
