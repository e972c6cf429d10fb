"""SVT-AV1 settings."""

from __future__ import annotations

from media_ops.algorithm import EncoderSettings

FASTEST_PRESET = 12
# CPU seconds per megapixel by preset, measured on 720p film-like content; they only steer the segment length.
_COST = (3.0, 2.0, 1.2, 0.6, 0.35, 0.22, 0.13, 0.09, 0.06, 0.045, 0.030, 0.025, 0.022)


def svtav1(*, crf: float, preset: int, lossless: bool) -> EncoderSettings:
    """Constant quality, or lossless. Each segment begins with a key frame and the sequence header."""
    return EncoderSettings(
        codec="libsvtav1",
        options={"preset": str(preset)},
        lossless=lossless,
        cpu_seconds_per_megapixel=_COST[preset],
        params={"lossless": "1"} if lossless else {"crf": f"{crf:g}"},  # FFmpeg's own option takes whole numbers
        containers=(".mp4", ".m4v", ".mkv", ".webm"),
    )
