"""The encoder that a job asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media_ops.algorithm import (
    DOCUMENT,
    Algorithm,
    EncodeAlgorithm,
    EncoderSettings,
    FrameAlgorithm,
    FrameParams,
    MeasureAlgorithm,
)
from media_ops.encoders.ffv1 import ffv1
from media_ops.encoders.keys import keyed
from media_ops.encoders.libraries import LIBRARIES
from media_ops.encoders.passes import buffered
from media_ops.encoders.x264 import x264
from media_ops.encoders.x265 import x265
from media_ops.errors import OurError, ParamsInvalid, Unsupported

if TYPE_CHECKING:
    from media_ops.frames.index import Facts


def settings_of(algorithm: Algorithm) -> EncoderSettings:
    """Give the encoder of an encode algorithm, or the one that a frame algorithm's parameters name."""
    if isinstance(algorithm, EncodeAlgorithm):
        return buffered(keyed(algorithm.settings()), algorithm.aim())
    if isinstance(algorithm, MeasureAlgorithm):
        raise ParamsInvalid(f"{algorithm.name()} measures: it makes no film")
    params = algorithm.params
    if not isinstance(algorithm, FrameAlgorithm) or not isinstance(params, FrameParams):
        raise OurError(f"{algorithm.name()} is neither an encode algorithm nor a frame algorithm with FrameParams")
    if params.encoder == "ffv1":
        return ffv1()
    make = {"libx264": x264, "libx265": x265}[params.encoder]
    return make(crf=params.crf, preset=params.preset, lossless=params.lossless)


def containers_of(algorithm: Algorithm) -> tuple[str, ...]:
    """Give the extensions of files that can hold whatever an algorithm makes."""
    first, *others = (settings_of(one).containers for one in algorithm.renditions().values())
    return tuple(extension for extension in first if all(extension in other for other in others))


def check_container(algorithm: Algorithm, extension: str) -> None:
    """Raise `Unsupported` where files of this extension cannot hold what the encoder makes, or are no document."""
    if isinstance(algorithm, MeasureAlgorithm):
        if extension.lower() != DOCUMENT:
            raise Unsupported(f"{algorithm.name()} makes a document: its name must end in {DOCUMENT}")
        return
    if algorithm.several:
        for one in algorithm.renditions().values():
            check_container(one, extension)
        return
    settings = settings_of(algorithm)
    if extension.lower() not in settings.containers:
        raise Unsupported(
            f"{algorithm.name()}: {extension} files cannot hold video of {settings.codec}; choose one of "
            f"{', '.join(settings.containers)}",
            rule="codec-container",
        )


def check_aspect(algorithm: Algorithm, facts: Facts, extension: str) -> None:
    """Raise `Unsupported` where the shape of samples would be lost: PyAV cannot tell Matroska's muxer."""
    codec = settings_of(algorithm).codec
    anamorphic = (facts.sample_aspect_ratio or 1) != 1
    if anamorphic and extension.lower() in (".mkv", ".webm") and not LIBRARIES[codec].tells_aspect:
        raise Unsupported(
            f"its samples are {facts.sample_aspect_ratio} as wide as high, which neither {codec} nor our {extension} "
            "files can hold; choose .mp4",
            rule="anamorphic-matroska",
        )
