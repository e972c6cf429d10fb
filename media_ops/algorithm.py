"""The contract: what an algorithm says of itself, so that everything else follows from it.

An algorithm is one file in `media_ops/algorithms/`. Its module name is its name everywhere: DAG id, docs page,
test id. Its class docstring's first line is its title, the rest its description; `Params` is its form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from media_ops.errors import ParamsInvalid
from media_ops.frame import Film, Format, Moment, Planes, Window
from media_ops.need import Need as Need
from media_ops.planning.gate import LEAST_CPU_SECONDS

if TYPE_CHECKING:
    from media_ops.frame import Artefact, Picture

# A parameter that names a file: jobs read it once, before any computing, and `Film.files` holds its bytes.
InputFile = Annotated[str, Field(json_schema_extra={"file": True})]
Preset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"]


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


class FrameParams(AlgorithmParams):
    """What every frame algorithm can be asked for: how its frames are encoded."""

    encoder: Literal["libx264", "libx265", "ffv1"] = Field(
        "libx264",
        title="Encoder",
        description="libx264 makes H.264, libx265 H.265; ffv1 keeps every frame bit by bit, in Matroska, very large.",
    )
    crf: float = Field(
        18,
        ge=0,
        le=51,
        title="Quality (CRF)",
        description="Constant rate factor: lower is better and larger; 18 looks like what the algorithm made.",
    )
    preset: Preset = Field(
        "medium", title="Preset", description="Slower presets make smaller files of the same quality."
    )
    lossless: bool = Field(
        False,
        title="Lossless",
        description="Keep every frame that the algorithm made bit by bit; the quality setting has no effect then.",
    )


@dataclass(frozen=True)
class EncoderSettings:
    """An FFmpeg encoder and its options, such that separately encoded segments can be joined.

    `params` are the encoder library's own; `containers` are the extensions of files that hold its streams; `height`
    is the one to scale to. `ahead` frames behind a segment are shown to the encoder and not encoded.
    """

    codec: str
    options: dict[str, str] = field(default_factory=dict)
    lossless: bool = False
    cpu_seconds_per_megapixel: float = 0.04
    params: dict[str, str] = field(default_factory=dict)
    containers: tuple[str, ...] = (".mp4", ".m4v", ".mov", ".mkv")
    height: int | None = None
    ahead: int = 0


class Algorithm:
    """Root of the shapes; subclass `FrameAlgorithm` or `EncodeAlgorithm`, not this.

    `examples` are parameters that make a telling picture: the contract tests and the docs page use them. `inputs` are
    the parameters, each an `InputFile`, that further inputs of a job stand for, in order. `exactness` is what cutting
    does to frames before they are encoded, `rate` how many it gives for each; from `least_cpu_seconds` of work per
    segment on slicing pays. `quiet_seconds` is what one call may take beyond the stall time: nobody can tell a call
    that takes long from one that hangs. `device` says where it computes, in the tags of its DAG.
    """

    exactness: ClassVar[Literal["exact", "converging", "blended"]] = "exact"
    rate: ClassVar[int] = 1
    quiet_seconds: ClassVar[float] = 0
    least_cpu_seconds: ClassVar[float] = LEAST_CPU_SECONDS
    examples: ClassVar[Sequence[dict[str, Any]]] = ({},)
    inputs: ClassVar[Sequence[str]] = ()
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
            reason = (
                "there is no such parameter"
                if first["type"] == "extra_forbidden"
                else first["msg"].removeprefix("Value error, ")
            )
            raise ParamsInvalid(f"{cls.name()}: parameter {place}: {reason}") from error

    @classmethod
    def analyses(cls) -> Literal["no", "whole", "joined"]:
        """Whether it looks at the film before it works on it, and how: in one piece, or at segments side by side."""
        return "no"

    @classmethod
    def file_params(cls) -> list[str]:
        """List the parameters that name a file."""
        fields = cls.Params.model_json_schema().get("properties", {})
        return [
            name for name, field in fields.items() if any(f.get("file") for f in (field, *field.get("anyOf", [])))
        ]

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


class FrameAlgorithm(Algorithm):
    """Pictures in, pictures out, as numpy arrays. Its `Params` derive from `FrameParams`.

    `exactness` is a promise that the contract tests hold it to. `exact`: cut anywhere, the frames are bit by bit what
    one run gives. `converging`: its memory fades; after `Need.warm_up` frames they have at least 60 dB PSNR to that.
    `blended`: neither; it is cut, and cross-faded, only when the job says so.

    `cpu_seconds_per_megapixel` predicts the work on one frame, beside encoding.
    """

    frames: ClassVar[Format] = Planes()
    cpu_seconds_per_megapixel: ClassVar[float] = 0.05

    def geometry(self, width: int, height: int) -> tuple[int, int]:
        """Give the size of the pictures it makes; the source's unless overridden."""
        return width, height

    def default_files(self) -> Mapping[str, str]:
        """Name the files to read for `InputFile` parameters that these params leave empty, such as a font.

        They are read once, as those that are named, so that every segment uses the same bytes wherever it runs; one
        that the machine lacks is left out of `Film.files`, and `check` says so.
        """
        return {}

    def check(self, film: Film) -> None:
        """Refuse, naming the parameter, what cannot be done with this film; called before any computing."""

    def analyse(self, film: Film, moments: Iterable[Moment]) -> Artefact:
        """Look at pictures of the film, each once, in order; give named arrays for every segment's `film.artefact`.

        Overridden, it makes the job look before it processes: at the whole film in one go, or, where `join` is
        overridden too, at its segments side by side.
        """
        raise NotImplementedError

    def join(self, parts: Sequence[Artefact]) -> Artefact:
        """Make what `analyse` would have given for the whole film out of that of its segments, in order."""
        raise NotImplementedError

    def setup(self, film: Film) -> None:
        """Get ready for a segment: import what is heavy, compute what every frame needs, forget what was."""

    def process(self, window: Window) -> Picture:
        """Give the picture to show for `window.picture`, of its dtype and of the size that `geometry` says.

        Called for every frame in order, warm-up included. With a `rate` of k it gives a list of k pictures, evenly
        spread until the next frame.
        """
        raise NotImplementedError

    @classmethod
    def analyses(cls) -> Literal["no", "whole", "joined"]:
        """Say so by what is overridden."""
        if cls.analyse is FrameAlgorithm.analyse:
            return "no"
        return "whole" if cls.join is FrameAlgorithm.join else "joined"
