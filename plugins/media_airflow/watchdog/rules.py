"""What the watchdog does about what: the one reader of `config/watchdog.yaml`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BeforeValidator, Field, ValidationError, model_validator

from media_ops.errors import ParamsInvalid
from media_ops.model import Noun
from media_ops.storage.roles import CHECKOUT

FILE_VARIABLE = "MEDIA_OPS_WATCHDOG_CONFIG"
Condition = Literal["deadline", "stuck", "worker gone", "not notified", "leftovers"]
Action = Literal["retry", "fail", "alarm", "clear"]

_ALLOWED: dict[Condition, tuple[Action, ...]] = {
    "deadline": ("fail", "alarm"),
    "stuck": ("retry", "fail", "alarm"),
    "worker gone": ("retry", "fail", "alarm"),
    "not notified": ("retry", "alarm"),
    "leftovers": ("clear", "alarm"),
}


class Rule(Noun):
    """What to do when `condition` has held for so long, at most `times` for one run."""

    condition: Condition
    after_minutes: float | None = Field(None, ge=1, le=100_000)
    action: Action
    times: int = Field(1, ge=1, le=100)

    @property
    def name(self) -> str:
        """How it is called in notes, logs and records."""
        return f"{self.condition}: {self.action}"

    @property
    def seconds(self) -> float:
        """After how long; 0 where only the job itself can say."""
        return 60 * (self.after_minutes or 0)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        allowed = _ALLOWED[self.condition]
        if self.action not in allowed:
            raise ValueError(f"{self.condition!r} can lead to {' or '.join(allowed)}, not to {self.action}")
        if self.after_minutes is None and self.condition != "deadline":
            raise ValueError(f"{self.condition!r} needs after_minutes")
        return self


class Stragglers(Noun):
    """When a slow segment is started a second time."""

    enabled: bool = True
    slower: float = Field(3, ge=1.5, le=100)
    seconds: float = Field(20, ge=5, le=86_400)
    siblings: int = Field(3, ge=2, le=100)
    gain_seconds: float = Field(20, ge=0, le=86_400)
    most: int = Field(2, ge=1, le=100)


class Watchdog(Noun):
    """The content of the file."""

    rules: Annotated[tuple[Rule, ...], BeforeValidator(lambda value: () if value is None else value)] = ()
    stragglers: Stragglers = Stragglers()

    def of(self, condition: Condition) -> list[Rule]:
        """Give the rules of one condition, in order."""
        return [rule for rule in self.rules if rule.condition == condition]

    @model_validator(mode="after")
    def _rules_differ(self) -> Self:
        names = [rule.name for rule in self.rules]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"two rules say {twice[0]!r}")
        return self


def read_watchdog(path: Path | None = None) -> Watchdog:
    """Read the file that `MEDIA_OPS_WATCHDOG_CONFIG` names, or else this repository's; raise `ParamsInvalid`."""
    file = Path(path or os.environ.get(FILE_VARIABLE) or CHECKOUT / "config" / "watchdog.yaml")
    try:
        return Watchdog.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ParamsInvalid(
            f"{file}: {place + ': ' if place else ''}{first['msg'].removeprefix('Value error, ')}"
        ) from None
    except OSError as error:
        raise ParamsInvalid(f"{file} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except (ValueError, yaml.YAMLError) as error:
        raise ParamsInvalid(f"{file} is no YAML: {' '.join(str(error).split())}") from None
