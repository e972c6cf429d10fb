"""What a file says of its picture, for the proof: before and after, in words."""

from __future__ import annotations

import hashlib
import struct
from fractions import Fraction
from typing import Any

from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame

from media_ops.frames.index import Facts
from media_ops.frames.look import colour_of, display_matrix
from media_ops.frames.names import colour_names
from media_ops.model import Colour, Picture

_OTHERS = {
    "stereo_3d": "STEREO3D",
    "spherical": "SPHERICAL",
    "ambient_viewing_environment": "AMBIENT_VIEWING_ENVIRONMENT",
    "dolby_vision": "DOVI_METADATA",
    "hdr10_plus": "DYNAMIC_HDR_PLUS",
    "hdr_vivid": "DYNAMIC_HDR_VIVID",
}


def picture(facts: Facts, frame: VideoFrame | None, chroma_location: str | None) -> Picture:
    """Put together what headers, the first frame and ffprobe (`chroma_location`) say."""
    primaries, transfer, matrix, range_ = colour_names(colour_of(frame, facts.colour))
    return Picture(
        width=facts.width,
        height=facts.height,
        pixel_format=facts.pixel_format,
        sample_aspect_ratio=str(facts.sample_aspect_ratio or 1),
        time_base=str(facts.time_base),
        colour=Colour(
            primaries=primaries, transfer=transfer, matrix=matrix, range=range_, chroma_location=chroma_location
        ),
        side_data=side_data(frame),
    )


def side_data(frame: VideoFrame | None) -> dict[str, str]:
    """Name the side data that describes a whole film; what changes from frame to frame is only named as present."""
    if frame is None:
        return {}
    data: Any = frame.side_data
    found = {name: "present" for name, kind in _OTHERS.items() if _get(data, kind) is not None}
    if (matrix := display_matrix(frame)) is not None:
        found["display_matrix"] = " ".join(map(str, matrix))
    if (mastering := _get(data, "MASTERING_DISPLAY_METADATA")) is not None and len(mastering) >= 88:
        found["mastering_display"] = _mastering(mastering)
    if (light := _get(data, "CONTENT_LIGHT_LEVEL")) is not None and len(light) >= 8:
        most, average = struct.unpack("<2I", light[:8])
        found["content_light_level"] = f"at most {most}, on average {average} cd/m2"
    if (profile := _get(data, "ICC_PROFILE")) is not None:
        found["icc_profile"] = f"sha256 {hashlib.sha256(profile).hexdigest()}"
    return found


def _get(data: Any, kind: str) -> bytes | None:
    found = data.get(Type[kind])
    return None if found is None else bytes(found)


def _mastering(data: bytes) -> str:
    """Write SMPTE ST 2086 as red, green, blue and white points, and the range of luminance (FFmpeg's own struct)."""
    numbers = struct.unpack("<22i", data[:88])
    values = [
        Fraction(top, bottom) if bottom else Fraction(0)
        for top, bottom in zip(numbers[0:20:2], numbers[1:20:2], strict=True)
    ]
    has_primaries, has_luminance = numbers[20:22]
    points = [f"{name}({float(values[2 * n]):g},{float(values[2 * n + 1]):g})" for n, name in enumerate("RGBW")]
    words = points if has_primaries else []
    if has_luminance:
        words = [*words, f"{float(values[8]):g} to {float(values[9]):g} cd/m2"]
    return " ".join(words)
