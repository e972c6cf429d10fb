"""libx264 settings."""

from __future__ import annotations

from media_ops.algorithm import EncoderSettings, Preset
from media_ops.encoders.ahead import AHEAD

# CPU seconds per megapixel of one thread, measured on 720p film-like content; they only steer the segment length.
_COST: dict[Preset, float] = {
    "ultrafast": 0.006,
    "superfast": 0.008,
    "veryfast": 0.011,
    "faster": 0.020,
    "fast": 0.027,
    "medium": 0.035,
    "slow": 0.055,
    "slower": 0.110,
    "veryslow": 0.200,
}


def x264(*, crf: float, preset: Preset, lossless: bool) -> EncoderSettings:
    """Constant quality, or lossless at QP 0.

    `stitchable` makes x264 write the same SPS and PPS whatever the content is; without it half the frames of a
    joined stream decode wrongly without a word.
    """
    options: dict[str, str] = {"preset": preset}
    options.update({"qp": "0"} if lossless else {"crf": f"{crf:g}"})
    return EncoderSettings(
        codec="libx264",
        options=options,
        lossless=lossless,
        cpu_seconds_per_megapixel=_COST[preset],
        params={"stitchable": "1"},
        ahead=0 if lossless else AHEAD,
    )
