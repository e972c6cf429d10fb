"""The program that computes VMAF: that of the wheel imageio-ffmpeg, never another one of the machine."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from media_ops.errors import ToolMissing

INSTALL = "pip install imageio-ffmpeg"


@cache
def vmaf_program() -> Path | None:
    """Find it, without importing anything; None where the extra `quality` is not installed."""
    found = importlib.util.find_spec("imageio_ffmpeg")
    for folder in (found and found.submodule_search_locations) or ():
        for program in sorted(Path(folder, "binaries").glob("ffmpeg-*")):
            return program
    return None


def require_vmaf() -> Path:
    """Find it, or raise `ToolMissing` with the command that installs it."""
    program = vmaf_program()
    if program is None:
        raise ToolMissing(f"VMAF cannot be computed: its program is not installed; this does it: {INSTALL}")
    return program
