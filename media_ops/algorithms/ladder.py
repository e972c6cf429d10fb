"""Several renditions of one film, from one decode: what players switch between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from media_ops.algorithm import Algorithm, AlgorithmParams, EncodeAlgorithm
from media_ops.errors import ParamsInvalid
from media_ops.rendition import Rendition

_MOST = 8
_USUAL = (1080, 720, 480, 360)


class Ladder(Algorithm):
    """Make several renditions of a film.

    Each is what the job of its codec makes of these parameters, and has a proof of its own; all come from one decode.
    Key frames stand at the same times in all of them. `out.mp4` asks for `out.1080p.mp4`, `out.720p.mp4` and so on;
    `out.ladder.json`, which lists them, is published last: without it none of them counts.
    """

    version = "1.0.0"
    several = True
    examples = ({}, {"renditions": [{"height": 720, "bitrate": "3M"}, {"height": 360, "bitrate": "800k"}]})

    class Params(AlgorithmParams):
        renditions: tuple[Rendition, ...] = Field(
            (),
            max_length=_MOST,
            title="Renditions",
            description='A list of what to make, such as `[{"height": 720, "bitrate": "3M"}, {"height": 360}]`; each '
            "may have `codec` (`h264`, `h265`, `av1`), `height`, `crf` or `bitrate` or `target_vmaf`, `maxrate`, "
            "`bufsize`, `preset` and `name`. Empty: H.264 of 1080, 720, 480 and 360 lines, or of the "
            "source's where it has fewer.",
        )
        key_seconds: float = Field(
            2.0,
            ge=0.1,
            le=600,
            title="Key frames (seconds)",
            description="Key frames of all renditions at multiples of so many seconds of the film, and nowhere else.",
        )
        upscale: bool = Field(
            False,
            title="Larger than the source",
            description="Whether a rendition may have more lines than the source. Off: such a ladder is refused.",
        )

        @model_validator(mode="after")
        def _all_differ(self) -> Ladder.Params:
            _named(self.renditions, self.key_seconds, None)
            return self

    def renditions(self, lines: int | None = None) -> Mapping[str, Algorithm]:
        """Give them as they were asked for; raise `ParamsInvalid` where one is not for a source of so many lines."""
        wanted = self.params.renditions or _usual(lines)
        if lines is not None and not self.params.upscale:
            for one in wanted:
                if (one.height or 0) > lines:
                    raise ParamsInvalid(
                        f"ladder: a rendition of {one.height} lines is larger than the source, which has {lines}; "
                        "`upscale` would allow it",
                        rule="larger-than-source",
                    )
        return _named(wanted, self.params.key_seconds, lines)

    @classmethod
    def analyses(cls) -> Literal["no", "whole", "joined"]:
        """A rendition may have a first pass."""
        return "joined"

    def looks(self) -> Literal["no", "whole", "joined"]:
        """There is one where a rendition aims at something."""
        return "joined" if any(one.looks() != "no" for one in self.renditions().values()) else "no"


def _usual(lines: int | None) -> tuple[Rendition, ...]:
    """Give the usual sizes that the source has, and its own where it has fewer than the largest."""
    if lines is None:
        return (*(Rendition(height=height) for height in _USUAL), Rendition())
    fitting = [height for height in _USUAL if height <= lines]
    own = () if lines > _USUAL[0] or lines in fitting else (Rendition(),)
    return (*own, *(Rendition(height=height) for height in fitting))


def _named(wanted: tuple[Rendition, ...], key_seconds: float, lines: int | None) -> dict[str, Algorithm]:
    """Give each its name: the shortest that tells it from the others. Refuse two that are the same."""
    made = [one.algorithm(key_seconds) for one in wanted]
    names = _names(wanted)
    twice = [name for name, count in Counter(names).items() if count > 1]
    for number, one in enumerate(made):
        for other in range(number):
            if _kind(one, lines) == _kind(made[other], lines):
                raise ParamsInvalid(
                    f"ladder: renditions {other + 1} and {number + 1} ({names[other]}, {names[number]}) are the same"
                )
    if twice:
        raise ParamsInvalid(f"ladder: two renditions are called {twice[0]!r}: `name` would tell them apart")
    return dict(zip(names, made, strict=True))


def _names(wanted: tuple[Rendition, ...]) -> list[str]:
    own = [one.name or one.words()[0] for one in wanted]
    for length in (2, 3):
        seen = Counter(own)
        own = [
            one.name or ("-".join(one.words()[:length]) if seen[name] > 1 else name)
            for one, name in zip(wanted, own, strict=True)
        ]
    return own


def _kind(algorithm: EncodeAlgorithm, lines: int | None) -> object:
    """What two that are the same have in common, however they were written."""
    params = algorithm.params.model_dump()
    aim = algorithm.aim()
    height = None if params["height"] == lines else params["height"]
    rest = {name: params[name] for name in ("crf", "preset") if name == "preset" or not aim.looks}
    return algorithm.name(), height, aim, rest
