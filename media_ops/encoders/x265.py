"""libx265 settings."""

from __future__ import annotations

from media_ops.algorithm import EncoderSettings, Preset
from media_ops.encoders.ahead import AHEAD

# CPU seconds per megapixel of one thread, measured at 720p beside x264, on its table's scale (slower and veryslow are
# guesses); they only steer the segment length.
_COST: dict[Preset, float] = {
    "ultrafast": 0.027,
    "superfast": 0.037,
    "veryfast": 0.050,
    "faster": 0.050,
    "fast": 0.060,
    "medium": 0.065,
    "slow": 0.165,
    "slower": 0.400,
    "veryslow": 0.700,
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
        ahead=0 if lossless else AHEAD,
    )
