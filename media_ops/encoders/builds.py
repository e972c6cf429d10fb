"""Which builds of the libraries would encode, told without loading them."""

from __future__ import annotations

from functools import cache
from importlib.metadata import files, version

_LIBRARIES = {"libx264": "libx264", "libx265": "libx265", "libsvtav1": "libSvtAv1Enc"}


@cache
def builds(codec: str) -> dict[str, str] | None:
    """Name the wheel, and the files of libavcodec and of the encoder in it; None where they are not in it.

    These names hold a digest of the file. What was built on the spot takes what the system has, which may be another
    version tomorrow.
    """
    bundled = [file.name for file in files("av") or [] if file.parts[0] == "av.libs"]

    def file_of(library: str) -> str:
        return next((name for name in bundled if name.startswith(f"{library}-")), "")

    found = {"libavcodec": file_of("libavcodec"), "encoder": file_of(_LIBRARIES.get(codec, "libavcodec"))}
    return {"wheel": f"av {version('av')}", **found} if all(found.values()) else None


@cache
def array_versions() -> dict[str, str]:
    """Name what pictures are computed with."""
    return {name: version(name) for name in ("numpy", "opencv-python-headless")}
