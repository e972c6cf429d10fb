"""H.265 by libx265 at constant quality, or at a bit rate."""

from __future__ import annotations

from pydantic import Field

from media_ops.algorithm import BufferParams, EncodeAlgorithm, EncoderSettings, Preset
from media_ops.encoders.x265 import x265


class TranscodeH265(EncodeAlgorithm):
    """Transcode to H.265.

    Constant quality with libx265. Frame times, colour tags, HDR10 metadata, sound, subtitles, chapters and metadata
    of the source are kept; bit depth and chroma too, wherever the encoder can.
    """

    version = "1.0.0"

    class Params(BufferParams):
        crf: float = Field(
            26,
            ge=0,
            le=51,
            title="Quality (CRF)",
            description="Constant rate factor: lower is better and larger. 20 looks like the source, 26 is usual.",
        )
        preset: Preset = Field(
            "medium",
            title="Preset",
            description="Slower presets make smaller files of the same quality.",
        )
        lossless: bool = Field(
            False,
            title="Lossless",
            description="Keep every decoded frame bit by bit; large files. The quality setting has no effect then.",
        )

    def encoder(self) -> EncoderSettings:
        return x265(crf=self.params.crf, preset=self.params.preset, lossless=self.params.lossless)
