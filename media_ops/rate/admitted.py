"""Which bit rates are refused before anything is computed."""

from __future__ import annotations

from fractions import Fraction

from media_ops.errors import ParamsInvalid
from media_ops.rate.aim import Aim, told

# Bits a second of the highest level: H.264 6.2, High profile (Table A-1, factor 1.25); H.265 6.2, Main tier
# (Table A.9); AV1 6.3, Main tier (A.3).
_MOST = {"libx264": 1_000_000_000, "libx265": 240_000_000, "libsvtav1": 160_000_000}
# A picture in which every block is skipped still has its headers: 15 to 25 bytes of x264, x265 and SVT-AV1.
_LEAST_BITS_PER_FRAME = 120
# x264 of black 4K pictures at its coarsest takes 0.0002 bits a pixel.
_LEAST_BITS_PER_PIXEL = 0.0001


def admit_rates(source: str, aim: Aim, codec: str, size: tuple[int, int], fps: Fraction) -> None:
    """Refuse a rate that no film of this size, or no level of the codec, can have: raises `ParamsInvalid`."""
    least = float(fps) * max(_LEAST_BITS_PER_FRAME, _LEAST_BITS_PER_PIXEL * size[0] * size[1])
    picture = f"{size[0]}x{size[1]} at {float(fps):.4g} frames a second"
    for name, rate in (("bitrate", aim.bitrate), ("maxrate", aim.maxrate)):
        if rate is not None and rate < least:
            reason = f"{told(rate)} is too little for {picture}: nothing can be shown below {told(least)}"
            raise ParamsInvalid(f"{source}: {name}: {reason}", rule="rate-too-low")
        if rate is not None and rate > _MOST[codec]:
            reason = f"{told(rate)} is above {told(_MOST[codec])}, which the highest level of {codec[3:]} allows"
            raise ParamsInvalid(f"{source}: {name}: {reason}", rule="rate-too-high")
    if aim.maxrate and aim.bufsize and aim.bufsize < aim.maxrate / float(fps):
        reason = f"{told(aim.bufsize, 'bit')} is less than what comes during one frame at {told(aim.maxrate)}"
        raise ParamsInvalid(f"{source}: bufsize: {reason}", rule="rate-too-low")
