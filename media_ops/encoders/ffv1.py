"""FFV1 settings."""

from __future__ import annotations

from media_ops.algorithm import EncoderSettings


def ffv1() -> EncoderSettings:
    """Lossless, each frame by itself, every slice with its checksum (RFC 9043, version 3).

    Four slices whatever the number of threads: it stands in the extradata, which has to be equal in all segments.
    """
    return EncoderSettings(
        codec="ffv1",
        options={"level": "3", "g": "1", "slices": "4", "slicecrc": "1", "coder": "range_def", "context": "0"},
        lossless=True,
        cpu_seconds_per_megapixel=0.03,
        containers=(".mkv", ".mp4"),
    )
