"""What is wanted of a run of the kit."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from media_ops.model import Noun

MOST_MEGAPIXELS = 2000.0
FIRST_FRAMES = 600


class Wish(Noun):
    """How every file is to be tried."""

    algorithm: str = "transcode_h264"
    params: dict[str, Any] = Field(default_factory=dict)
    segments: int = Field(5, ge=1)
    timeout: float = Field(
        120.0, gt=0, description="Seconds a file of up to `MOST_MEGAPIXELS`; larger ones in proportion."
    )
    full: bool = Field(False, description="Try files above `MOST_MEGAPIXELS` whole.")
    keep: str | None = Field(None, description="Folder that outputs are left in.")

    @property
    def container(self) -> str:
        """Extension of the outputs: `.mp4` where it can hold what the encoder makes."""
        from media_ops.encoders.chosen import settings_of
        from media_ops.registry import get

        able = settings_of(get(self.algorithm).from_params(self.params)).containers
        return ".mp4" if ".mp4" in able else able[0]

    def seconds_for(self, megapixels: float) -> float:
        """Give the time limit of a file, or of what is tried of it."""
        return self.timeout * max(1.0, megapixels / MOST_MEGAPIXELS)


def fastest(algorithm: str, given: dict[str, Any]) -> dict[str, Any]:
    """Complete parameters by the fastest `preset` that the algorithm has, if it has any and none is given.

    Presets are named from the fastest to the slowest; numbered ones grow with speed, as SVT-AV1's do.
    """
    from media_ops.registry import get

    schema = get(algorithm).Params.model_json_schema().get("properties", {}).get("preset")
    if schema is None or "preset" in given:
        return given
    named = schema.get("enum") or ([schema["maximum"]] if "maximum" in schema else [])
    if not named:
        return given
    return given | {"preset": named[0] if isinstance(named[0], str) else max(named)}
