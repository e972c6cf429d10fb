"""One rung of a ladder, as it is asked for."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from media_ops.algorithm import EncodeAlgorithm, Preset
from media_ops.algorithms.transcode_av1 import TranscodeAv1
from media_ops.algorithms.transcode_h264 import TranscodeH264
from media_ops.algorithms.transcode_h265 import TranscodeH265
from media_ops.errors import ParamsInvalid
from media_ops.rate.aim import RATE

_CODECS: dict[str, type[EncodeAlgorithm]] = {"h264": TranscodeH264, "h265": TranscodeH265, "av1": TranscodeAv1}
_OWN = {"codec", "name"}


class Rendition(BaseModel):
    """What is left out is as the job of its codec has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    codec: Literal["h264", "h265", "av1"] = Field("h264", description="What it is encoded to.")
    height: int | None = Field(None, description="Lines; empty: the source's.")
    crf: float | None = Field(None, description="Constant quality.")
    bitrate: str | None = Field(None, pattern=RATE, description="Bit rate of the picture, such as `900k`.")
    target_vmaf: float | None = Field(None, description="Measured quality: VMAF.")
    target_psnr: float | None = Field(None, description="The same in dB of luma.")
    target_ssim: float | None = Field(None, description="The same in SSIM of luma.")
    maxrate: str | None = Field(None, pattern=RATE, description="Highest bit rate; not of AV1.")
    bufsize: str | None = Field(None, pattern=RATE, description="Buffer in bits; empty: twice the highest rate.")
    preset: Preset | int | None = Field(None, description="As the encoder calls them: `medium`, or 8 for AV1.")
    name: str | None = Field(
        None, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$", description="Part of its file's name; empty: as `720p`."
    )

    @model_validator(mode="after")
    def _has_one_aim(self) -> Rendition:
        aims = [
            name for name in ("crf", "bitrate", "target_vmaf", "target_psnr", "target_ssim") if getattr(self, name)
        ]
        if len(aims) > 1:
            raise ValueError(f"one of {' and '.join(aims)} only: the one would have no effect beside the other")
        return self

    def algorithm(self, key_seconds: float) -> EncodeAlgorithm:
        """Give what makes it; raises `ParamsInvalid` where that cannot be."""
        given: dict[str, Any] = self.model_dump(exclude=_OWN, exclude_none=True)
        try:
            return _CODECS[self.codec].from_params(given | {"key_seconds": key_seconds})
        except ParamsInvalid as error:
            raise ParamsInvalid(f"ladder: rendition {'-'.join(self.words())}: {error}") from error

    def words(self) -> tuple[str, ...]:
        """Say what it is, the telling things first."""
        targets = {name: getattr(self, f"target_{name}") for name in ("vmaf", "psnr", "ssim")}
        aims = [f"{name}{target:g}" for name, target in targets.items() if target is not None]
        quality = "crf" if self.crf is None else f"crf{self.crf:g}"
        aim = self.bitrate or next(iter(aims), quality)
        size = self.name or ("source" if self.height is None else f"{self.height}p")
        return size, self.codec, aim.replace(".", "_")
