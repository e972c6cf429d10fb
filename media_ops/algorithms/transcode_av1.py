"""AV1 by SVT-AV1 at constant quality, or at a bit rate."""

from __future__ import annotations

from pydantic import Field

from media_ops.algorithm import EncodeAlgorithm, EncoderSettings, RateParams
from media_ops.encoders.svtav1 import FASTEST_PRESET, svtav1


class TranscodeAv1(EncodeAlgorithm):
    """Transcode to AV1.

    Constant quality with SVT-AV1, into MP4, Matroska or WebM. Frame times, colour tags, HDR10 metadata, sound,
    subtitles, chapters and metadata of the source are kept. Chroma becomes 4:2:0 of 8 or 10 bit.
    """

    version = "1.0.0"

    class Params(RateParams):
        crf: float = Field(
            35,
            ge=1,
            le=63,
            title="Quality (CRF)",
            description="Constant rate factor: lower is better and larger. 25 looks like the source, 35 is usual.",
        )
        preset: int = Field(
            8,
            ge=0,
            le=FASTEST_PRESET,
            title="Preset",
            description="Lower presets take longer and make smaller files of the same quality.",
        )

    def encoder(self) -> EncoderSettings:
        return svtav1(crf=self.params.crf, preset=self.params.preset)
