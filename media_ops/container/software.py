"""Versions of everything that had a part in a result."""

from __future__ import annotations

import platform

import av

from media_ops import __version__


def software(encoder: str) -> dict[str, str]:
    """Name this program, Python, PyAV, FFmpeg's libraries in its wheel, and the encoder."""
    libraries = {name: ".".join(map(str, version)) for name, version in sorted(av.library_versions.items())}
    ours = {"media-ops": __version__, "python": platform.python_version(), "av": av.__version__}
    return ours | libraries | {"encoder": encoder}
