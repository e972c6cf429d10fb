from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from media_airflow.embedded.layout import SYSTEM_FOLDER, layout_of
from media_ops.errors import ToolMissing


def test_a_short_home_holds_everything() -> None:
    layout = layout_of(Path("/srv/airflow"), as_root=False)
    folders = [layout.database, layout.data, layout.sockets, layout.database_socket, layout.logs]
    assert all(folder.is_relative_to("/srv/airflow") for folder in folders)


@pytest.mark.parametrize("as_root", [False, True])
def test_sockets_fit_however_long_the_home_is(as_root: bool) -> None:
    layout = layout_of(Path("/srv") / ("x" * 200), as_root=as_root)
    # The longest names that are bound: a lock beside PostgreSQL's, supervisor's with a process id.
    for path in (layout.database_socket / ".s.PGSQL.5432", f"{layout.control_socket}.4194304"):
        assert len(os.fsencode(path)) <= 107


def test_root_keeps_the_database_outside_of_the_home() -> None:
    one, other = (layout_of(Path("/root") / name, as_root=True) for name in ("one", "other"))
    assert one.database.parent == SYSTEM_FOLDER
    assert one.database != other.database
    assert not one.database_socket.is_relative_to(one.home)


def test_existing_folders_keep_their_modes(tmp_path: Path) -> None:
    home = tmp_path / "a" / "home"
    home.parent.mkdir(mode=0o711)
    home.mkdir(mode=0o750)
    layout_of(home, as_root=False).create()
    assert stat.S_IMODE(home.parent.stat().st_mode) == 0o711
    assert stat.S_IMODE(home.stat().st_mode) == 0o750


def test_new_folders_are_private(tmp_path: Path) -> None:
    layout = layout_of(tmp_path / "home", as_root=False)
    layout.create()
    for folder in (layout.home, layout.sockets):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_socket_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    layout = layout_of(tmp_path / "home", as_root=False)
    layout.sockets.mkdir(parents=True)
    layout.sockets.chmod(0o777)
    with pytest.raises(ToolMissing, match="somebody else"):
        layout.create()


def test_the_longest_folder_for_sockets_can_be_bound(tmp_path: Path) -> None:
    layout = layout_of(tmp_path / ("y" * 120), as_root=False)
    layout.create()
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(f"{layout.control_socket}.4194304")
            os.unlink(f"{layout.control_socket}.4194304")
    finally:
        layout.sockets.rmdir()
