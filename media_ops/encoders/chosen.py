"""The encoder that a job asked for."""

from __future__ import annotations

from media_ops.algorithm import Algorithm, EncodeAlgorithm, EncoderSettings, FrameAlgorithm, FrameParams
from media_ops.encoders.ffv1 import ffv1
from media_ops.encoders.x264 import x264
from media_ops.encoders.x265 import x265
from media_ops.errors import OurError, Unsupported


def settings_of(algorithm: Algorithm) -> EncoderSettings:
    """Give the encoder of an encode algorithm, or the one that a frame algorithm's parameters name."""
    if isinstance(algorithm, EncodeAlgorithm):
        return algorithm.settings()
    params = algorithm.params
    if not isinstance(algorithm, FrameAlgorithm) or not isinstance(params, FrameParams):
        raise OurError(f"{algorithm.name()} is neither an encode algorithm nor a frame algorithm with FrameParams")
    if params.encoder == "ffv1":
        return ffv1()
    make = {"libx264": x264, "libx265": x265}[params.encoder]
    return make(crf=params.crf, preset=params.preset, lossless=params.lossless)


def check_container(algorithm: Algorithm, extension: str) -> None:
    """Raise `Unsupported` where files of this extension cannot hold what the encoder makes."""
    settings = settings_of(algorithm)
    if extension.lower() not in settings.containers:
        raise Unsupported(
            f"{algorithm.name()}: {extension} files cannot hold video of {settings.codec}; choose one of "
            f"{', '.join(settings.containers)}",
            rule="codec-container",
        )
