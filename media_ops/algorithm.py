"""The contract: what an algorithm says of itself, so that everything else follows from it.

An algorithm is one file in `media_ops/algorithms/`. Its module name is its name everywhere: DAG id, docs page,
test id. Its class docstring's first line is its title, the rest its description; `Params` is its form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from media_ops.errors import ParamsInvalid
from media_ops.frame import Film, Format, Moment, Planes, Window
from media_ops.need import Need as Need
from media_ops.planning.gate import LEAST_CPU_SECONDS
from media_ops.rate.aim import RATE, Aim, Metric, bits

if TYPE_CHECKING:
    from fractions import Fraction

    from media_ops.frame import Artefact, Picture
    from media_ops.model import Noun
    from media_ops.requests import Measurement

# A parameter that names a file: jobs read it once, before any computing, and `Film.files` holds its bytes.
InputFile = Annotated[str, Field(json_schema_extra={"file": True})]
DOCUMENT = ".json"  # ending of what a measurement gives
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
    key_seconds: float | None = Field(
        None,
        ge=0.1,
        le=600,
        title="Key frames (seconds)",
        description="Key frames at multiples of so many seconds of the film, and nowhere else, such as 2, as HLS and "
        "DASH want them; segments begin there, too. Empty: the encoder chooses.",
    )


class RateParams(EncodeParams):
    """What encode algorithms can be asked for that can aim at a bit rate or at a measured quality."""

    bitrate: str | None = Field(
        None,
        pattern=RATE,
        title="Bit rate",
        description="Of the picture, such as `900k` or `2.5M`, met over the whole file in two passes. The quality "
        "setting has no effect then. Empty: the quality setting counts.",
    )

    target_vmaf: float | None = Field(
        None,
        ge=20,
        le=100,
        title="Quality (VMAF)",
        description="The mean that every segment is to have, such as 95; its constant quality is found by encoding "
        "samples of it. Needs the extra `quality`. Empty: the quality setting counts.",
    )
    target_psnr: float | None = Field(
        None,
        ge=20,
        le=70,
        title="Quality (PSNR)",
        description="The same in dB of luma, such as 42.",
    )
    target_ssim: float | None = Field(
        None,
        ge=0.5,
        lt=1,
        title="Quality (SSIM)",
        description="The same in SSIM of luma, such as 0.98.",
    )

    @model_validator(mode="after")
    def _aims_at_one_thing(self) -> RateParams:
        aim = aim_of(self)
        if aim.looks and getattr(self, "lossless", False):
            raise ValueError("a lossless result can aim neither at a bit rate nor at a quality")
        return self


class BufferParams(RateParams):
    """What encode algorithms can be asked for that can keep within a decoder's buffer."""

    maxrate: str | None = Field(
        None,
        pattern=RATE,
        title="Highest bit rate",
        description="At which a decoder's buffer is filled, such as `2M`: over any stretch of the film the picture "
        "has no more than this and one buffer. Empty: no such limit.",
    )
    bufsize: str | None = Field(
        None,
        pattern=RATE,
        title="Buffer",
        description="What the decoder's buffer holds, in bits, such as `4M`. Empty: twice the highest bit rate.",
    )


_METRICS: tuple[Metric, ...] = ("vmaf", "psnr", "ssim")


def aim_of(params: AlgorithmParams) -> Aim:
    """Read what a job aims at; raises `ValueError` where its wishes exclude each other."""
    said = {name: getattr(params, name, None) for name in ("bitrate", "maxrate", "bufsize")}
    rates = {name: bits(text) for name, text in said.items() if text}
    for name, rate in rates.items():
        if rate < 1000:
            raise ValueError(f"{name}: encoders count in thousands of bits, and {said[name]} is less than one")
    if "bufsize" in rates and "maxrate" not in rates:
        raise ValueError("bufsize: a buffer is nothing without maxrate, at which it is filled")
    if "maxrate" in rates:
        rates.setdefault("bufsize", 2 * rates["maxrate"])
        if rates.get("bitrate", 0) > rates["maxrate"]:
            raise ValueError(f"maxrate: {said['maxrate']} is below the bit rate of {said['bitrate']}")
        if getattr(params, "lossless", False):
            raise ValueError("maxrate: a lossless result takes what bits it needs")
    targets = {name: getattr(params, f"target_{name}", None) for name in _METRICS}
    aims: list[tuple[Metric, float]] = [(name, target) for name, target in targets.items() if target is not None]
    if len(aims) + ("bitrate" in rates) > 1:
        raise ValueError("a job can aim at one of bitrate, target_vmaf, target_psnr and target_ssim only")
    metric, target = aims[0] if aims else (None, 0.0)
    return Aim(rates.get("bitrate"), rates.get("maxrate"), rates.get("bufsize"), metric, target)


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

    `params` are the encoder library's own; `containers` are the extensions of files that hold its streams;
    `height` is the one to scale to; `number` is that of the pass, 0 where there is but one; `level_rate` the one
    that the stream's level is for, in bits a second, None where the encoder chooses; `key_seconds` is the
    distance of key frames, None where the encoder chooses. `ahead` frames behind a segment are shown to the
    encoder and not encoded.
    """

    codec: str
    options: dict[str, str] = field(default_factory=dict)
    lossless: bool = False
    cpu_seconds_per_megapixel: float = 0.04
    params: dict[str, str] = field(default_factory=dict)
    containers: tuple[str, ...] = (".mp4", ".m4v", ".mov", ".mkv")
    height: int | None = None
    number: Literal[0, 1, 2] = 0
    level_rate: int | None = None
    ahead: int = 0
    key_seconds: Fraction | None = None


class Algorithm:
    """Root of the shapes; subclass `FrameAlgorithm`, `EncodeAlgorithm` or `MeasureAlgorithm`, not this.

    `examples` are parameters that make a telling picture: the contract tests and the docs page use them. `inputs` are
    the parameters, each an `InputFile`, that further inputs of a job stand for, in order. `exactness` is what cutting
    does to frames before they are encoded, `rate` how many it gives for each; from `least_cpu_seconds` of work per
    segment on slicing pays. `quiet_seconds` is what one call may take beyond the stall time: nobody can tell a call
    that takes long from one that hangs. `device` says where it computes, in the tags of its DAG. `several` says that
    its results are more than one file, those of its `renditions`.
    """

    exactness: ClassVar[Literal["exact", "converging", "blended"]] = "exact"
    rate: ClassVar[int] = 1
    quiet_seconds: ClassVar[float] = 0
    least_cpu_seconds: ClassVar[float] = LEAST_CPU_SECONDS
    examples: ClassVar[Sequence[dict[str, Any]]] = ({},)
    inputs: ClassVar[Sequence[str]] = ()
    version: ClassVar[str]
    device: ClassVar[str] = "cpu"
    several: ClassVar[bool] = False
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
    def from_params(cls, params: dict[str, Any]) -> Self:
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
        """Whether it may look at a film before it works on it, and how: in one piece, or at segments side by side."""
        return "no"

    def looks(self) -> Literal["no", "whole", "joined"]:
        """Say the same of a job with these parameters."""
        return self.analyses()

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

    def renditions(self, lines: int | None = None) -> Mapping[str, Algorithm]:
        """Give, by name, the algorithms that one decode of a source of so many lines is made into: itself alone.

        Without `lines`, those that it might be for any source.
        """
        return {"": self}


class EncodeAlgorithm(Algorithm):
    """Frames pass through, scaled if asked for; the encoder is the work. Its `Params` derive from `EncodeParams`."""

    def encoder(self) -> EncoderSettings:
        """Give the encoder and its options."""
        raise NotImplementedError

    def settings(self) -> EncoderSettings:
        """Give the encoder with what every encode algorithm can be asked for."""
        every = getattr(self.params, "key_seconds", None)
        exactly = None if every is None else Fraction(str(every))  # as it was written, in decimals
        return replace(self.encoder(), height=getattr(self.params, "height", None), key_seconds=exactly)

    def aim(self) -> Aim:
        """What it aims at instead of its quality setting."""
        return aim_of(self.params)

    @classmethod
    def analyses(cls) -> Literal["no", "whole", "joined"]:
        """A first pass is a look at every segment."""
        return "joined" if issubclass(cls.Params, RateParams) else "no"

    def looks(self) -> Literal["no", "whole", "joined"]:
        """There is a first pass where there is something to aim at."""
        return self.analyses() if self.aim().looks else "no"


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


@dataclass(frozen=True)
class Measured:
    """What a segment's pairs of frames were found to be: `rows` has a number for each pair under each name.

    `told` says how it was measured, the same in every segment; `notes` are for the reader.
    """

    rows: Artefact
    told: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Subject:
    """What a report is about: paths of the source and of what was made of it, seconds of the source's frames.

    Files beside the document are named `stem` and an ending; `measurement` belongs into it.
    """

    source: str
    made: str
    times: Sequence[Fraction]
    stem: str
    measurement: Measurement


class MeasureAlgorithm(Algorithm):
    """Two films in, a document out: the source, and the one that its parameter `beside` names, made of the source.

    Both are cut at the same frames, paired by presentation time. `Need.before` and `after` are pairs that are
    measured beside a segment's own, and whose numbers are dropped: with them, each number is what one run gives.
    """

    inputs: ClassVar[Sequence[str]] = ("made",)
    beside: ClassVar[str] = "made"
    cpu_seconds_per_megapixel: ClassVar[float] = 0.05

    def check(self) -> None:
        """Refuse what cannot be measured here; called before any computing."""

    def measure(self, pairs: Iterable[tuple[Any, Any]], threads: int) -> Measured:
        """Measure pairs (source, made) of decoded frames, `av.VideoFrame`, in order."""
        raise NotImplementedError

    def report(self, measured: Measured, subject: Subject, folder: Path) -> Noun:
        """Give the document of the whole film; what is to stand beside it is written to `folder`."""
        raise NotImplementedError
