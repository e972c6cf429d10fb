"""The contract: what an algorithm says of itself, so that everything else follows from it.

An algorithm is one file in `media_ops/algorithms/`. Its module name is its name everywhere: DAG id, docs page,
test id. Its class docstring's first line is its title, the rest its description; `Params` is its form.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from media_ops.errors import ParamsInvalid, Unsupported


class AlgorithmParams(BaseModel):
    """Parameters of an algorithm: frozen, bounded, each field described for the person who fills the form."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EncodeParams(AlgorithmParams):
    """What every encode algorithm can be asked for."""

    height: int | None = Field(
        None,
        ge=16,
        le=8640,
        multiple_of=2,
        title="Height",
        description="Scale the picture to so many lines; its width follows. Empty: the source's size.",
    )


@dataclass(frozen=True)
class Need:
    """Neighbour frames an algorithm must see before and after each frame it gives."""

    before: int = 0
    after: int = 0


@dataclass(frozen=True)
class EncoderSettings:
    """An FFmpeg encoder and its options, such that separately encoded segments can be joined.

    `params` are the encoder library's own; `containers` are the extensions of files that hold its streams; `height`
    is the one to scale to.
    """

    codec: str
    options: dict[str, str] = field(default_factory=dict)
    lossless: bool = False
    cpu_seconds_per_megapixel: float = 0.04
    params: dict[str, str] = field(default_factory=dict)
    containers: tuple[str, ...] = (".mp4", ".m4v", ".mov", ".mkv")
    height: int | None = None


class Algorithm:
    """Root of the shapes; subclass `EncodeAlgorithm`, not this."""

    version: ClassVar[str]
    device: ClassVar[str] = "cpu"
    Params: ClassVar[type[AlgorithmParams]]

    def __init__(self, params: AlgorithmParams) -> None:
        self.params: Any = params

    @classmethod
    def name(cls) -> str:
        """Module name, which is the name everywhere."""
        return cls.__module__.rpartition(".")[2]

    @classmethod
    def title(cls) -> str:
        """First line of the docstring."""
        return (cls.__doc__ or "").strip().partition("\n")[0]

    @classmethod
    def description(cls) -> str:
        """Docstring after its first line."""
        lines = (cls.__doc__ or "").strip().partition("\n")[2].splitlines()
        return "\n".join(line.strip() for line in lines).strip()

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> Algorithm:
        """Validate `params` and make the algorithm, or raise `ParamsInvalid` naming the first wrong field."""
        try:
            return cls(cls.Params.model_validate(params))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "params"
            reason = "there is no such parameter" if first["type"] == "extra_forbidden" else first["msg"]
            raise ParamsInvalid(f"{cls.name()}: parameter {place}: {reason}") from error

    def need(self) -> Need:
        """Say which neighbours are needed; none unless overridden."""
        return Need()


class EncodeAlgorithm(Algorithm):
    """Frames pass through, scaled if asked for; the encoder is the work. Its `Params` derive from `EncodeParams`."""

    def encoder(self) -> EncoderSettings:
        """Give the encoder and its options."""
        raise NotImplementedError

    def settings(self) -> EncoderSettings:
        """Give the encoder with what every encode algorithm can be asked for."""
        return replace(self.encoder(), height=getattr(self.params, "height", None))

    def check_container(self, extension: str) -> None:
        """Raise `Unsupported` where files of this extension cannot hold what the encoder makes."""
        settings = self.encoder()
        if extension.lower() not in settings.containers:
            raise Unsupported(
                f"{self.name()}: {extension} files cannot hold its video; choose one of "
                f"{', '.join(settings.containers)}",
                rule="codec-container",
            )
