"""The level that a stream says it has: segments of different rates would have different ones, and not join."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import av
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext

from media_ops.errors import OurError

if TYPE_CHECKING:
    from media_ops.algorithm import EncoderSettings
    from media_ops.encoders.formats import Target
    from media_ops.frames.index import Facts

_START = b"\0\0\0\1"
_SPS, _VPS = b"\x67", b"\x40\x01"
# Where the profile, tier and level begin in a VPS, behind its header (H.265, 7.3.2.1), and the level in them (7.3.3).
_PROFILE, _LEVEL = 10, 11
_HIGH_TIER = 0x20


def levelled(settings: EncoderSettings, facts: Facts, target: Target) -> EncoderSettings:
    """Name the level that the encoder gives a film of `settings.level_rate` bits a second.

    Without a buffer x264 takes twice the rate of what it encodes for the highest one, x265 the rate itself; and x265
    lowers a rate that is above the level it was told.
    """
    rate = settings.level_rate
    if rate is None or settings.codec not in ("libx264", "libx265"):
        return settings
    if settings.codec == "libx264":
        if "vbv-maxrate" in settings.params:  # then that counts, and is the same everywhere
            return settings
        headers = _headers("libx264", {"preset": settings.options["preset"], "b": str(rate)}, facts, target)
        if not headers.startswith(_START + _SPS):
            raise OurError(f"x264 began its headers with {headers[:8].hex()}")
        # level_idc is ten times the level (H.264, A.3.1).
        return replace(settings, options=settings.options | {"level": f"{headers[7] / 10:g}"})
    params = f"bitrate={rate // 1000 + 1}:log-level=none:pools=1"
    headers = _headers("libx265", {"preset": settings.options["preset"], "x265-params": params}, facts, target)
    plain = headers.replace(b"\0\0\3", b"\0\0")  # without emulation prevention (H.265, 7.4.2)
    if not plain.startswith(_START + _VPS):
        raise OurError(f"x265 began its headers with {headers[:8].hex()}")
    high = bool(plain[_PROFILE] & _HIGH_TIER)
    # general_level_idc is thirty times the level (H.265, A.4.1).
    told = {"level-idc": str(plain[_PROFILE + _LEVEL] // 3), "high-tier": str(int(high))}
    return replace(settings, params=settings.params | told)


def _headers(codec: str, options: dict[str, str], facts: Facts, target: Target) -> bytes:
    context = av.CodecContext.create(codec, "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = target.width, target.height, target.pixel_format
    context.time_base, context.framerate = facts.time_base, facts.rate
    context.flags |= Flags.global_header
    if target.interlaced:
        context.flags |= Flags.interlaced_dct
    context.options = options
    context.open()
    return bytes(context.extradata or b"")
