"""The level that a stream says it has."""

from __future__ import annotations

import av
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext

from media_ops.encoders.formats import Target
from media_ops.errors import OurError
from media_ops.frames.index import Facts

_SPS = b"\0\0\0\1\x67"


def level_for(rate: int, preset: str, facts: Facts, target: Target) -> str:
    """Ask x264 which level a whole film of so many bits a second gets, as its option takes it.

    Without a buffer it takes twice the rate for the highest one: segments of different rates would have different
    levels, and could not be joined.
    """
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = target.width, target.height, target.pixel_format
    context.time_base, context.framerate = facts.time_base, facts.rate
    context.flags |= Flags.global_header
    if target.interlaced:
        context.flags |= Flags.interlaced_dct
    context.options = {"preset": preset, "b": str(rate), "x264-params": "stitchable=1:threads=1"}
    context.open()
    headers = bytes(context.extradata or b"")
    if not headers.startswith(_SPS) or len(headers) < 8:
        raise OurError(f"x264 began its headers with {headers[:8].hex()}")
    return f"{headers[7] / 10:g}"  # level_idc is ten times the level (H.264, A.3.1)
