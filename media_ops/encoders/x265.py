"""libx265 settings."""

from __future__ import annotations

from media_ops.algorithm import EncoderSettings
from media_ops.encoders.x264 import Preset

# CPU seconds per megapixel of one thread, measured on 720p film-like content; they only steer the segment length.
_COST: dict[Preset, float] = {
    "ultrafast": 0.020,
    "superfast": 0.030,
    "veryfast": 0.045,
    "faster": 0.045,
    "fast": 0.060,
    "medium": 0.085,
    "slow": 0.200,
    "slower": 0.500,
    "veryslow": 0.800,
}


def x265(*, crf: float, preset: Preset, lossless: bool) -> EncoderSettings:
    """Constant quality, or lossless.

    Each segment begins with an IDR picture and the parameter sets, which `repeat-headers` writes before every key
    picture. Without `info=0` the options in the headers would differ where the number of threads does.
    """
    params = {"repeat-headers": "1", "info": "0", "log-level": "error"}
    params |= {"lossless": "1"} if lossless else {"crf": f"{crf:g}"}
    return EncoderSettings(
        codec="libx265",
        options={"preset": preset},
        lossless=lossless,
        cpu_seconds_per_megapixel=_COST[preset],
        params=params,
    )
