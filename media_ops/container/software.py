"""Versions of everything that had a part in a result."""

from __future__ import annotations

import platform

import av

from media_ops import __version__
from media_ops.encoders.builds import array_versions


def software(encoder: str) -> dict[str, str]:
    """Name this program, Python, what pictures are computed with, PyAV, FFmpeg's libraries in it, and the encoder."""
    libraries = {name: ".".join(map(str, numbers)) for name, numbers in sorted(av.library_versions.items())}
    ours = {"media-ops": __version__, "python": platform.python_version(), "av": av.__version__}
    return ours | array_versions() | libraries | {"encoder": encoder}
