"""Which objects start which jobs: the one reader of `config/incoming.yaml`."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BeforeValidator, Field, ValidationError, model_validator

from media_airflow.params import JOB_FIELDS, form
from media_ops.errors import MediaError, ParamsInvalid
from media_ops.model import Noun
from media_ops.registry import get
from media_ops.storage.roles import CHECKOUT

FILE_VARIABLE = "MEDIA_OPS_INCOMING_CONFIG"
_PART = re.compile(r"\{(\w*)\}")
_PARTS = ("key", "folder", "name", "stem")


def _unless_empty(kind: type) -> BeforeValidator:
    return BeforeValidator(lambda value: kind() if value is None else value)


class Rule(Noun):
    """Objects below `prefix` that fit `pattern` are sources of runs of `algorithm`."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    prefix: Annotated[str, _unless_empty(str)] = ""
    pattern: str | None = None
    algorithm: str
    params: Annotated[dict[str, Any], _unless_empty(dict)] = Field(default_factory=dict)
    output: str | None = None
    existing: bool = True

    @model_validator(mode="after")
    def _makes_a_job(self) -> Self:
        try:
            self._check(self.conf("s3://bucket/" + self.prefix + "folder/film.mov", self.prefix + "folder/film.mov"))
        except MediaError as error:  # what the job itself would be refused for
            raise ValueError(str(error)) from None
        return self

    def fits(self, key: str) -> bool:
        """Whether a key is one of this rule."""
        rest = key.removeprefix(self.prefix)
        return key.startswith(self.prefix) and (not self.pattern or fnmatchcase(rest, self.pattern))

    def conf(self, source: str, key: str) -> dict[str, Any]:
        """Give the parameters of the run for one object."""
        rest = key.removeprefix(self.prefix)
        folder, slash, name = rest.rpartition("/")
        parts = {"key": rest, "folder": folder + slash, "name": name, "stem": name.rpartition(".")[0] or name}
        conf = {**self.params, "source": source}
        return conf | {"output": _PART.sub(lambda part: parts[part[1]], self.output)} if self.output else conf

    def _check(self, conf: dict[str, Any]) -> None:
        from airflow.sdk.definitions.param import ParamsDict
        from airflow.sdk.exceptions import ParamValidationError

        kind = get(self.algorithm)
        fields = form(kind)
        if unknown := sorted(conf.keys() - fields.keys()):
            raise ParamsInvalid(f"{self.algorithm}: unknown parameter {unknown[0]!r}")
        kind.from_params({name: value for name, value in self.params.items() if name not in JOB_FIELDS})
        try:
            filled = ParamsDict(fields)
            filled.update(conf)
            filled.validate()
        except ParamValidationError as error:
            raise ParamsInvalid(str(error).splitlines()[0]) from None

    @model_validator(mode="before")
    @classmethod
    def _names_parts(cls, content: Any) -> Any:
        output = content.get("output") if isinstance(content, dict) else None
        if isinstance(output, str):
            unknown = [part for part in _PART.findall(output) if part not in _PARTS]
            if unknown or re.search(r"[{}]", _PART.sub("", output)):
                raise ValueError(f"output {output!r}: in braces stands one of {', '.join(_PARTS)}")
        if isinstance(content, dict) and {"source", "output"} & (content.get("params") or {}).keys():
            raise ValueError("params: source and output are not among them")
        return content


class Incoming(Noun):
    """The content of the file."""

    schedule: str = "* * * * *"
    most: int = Field(20, ge=1, le=500)
    rules: Annotated[tuple[Rule, ...], _unless_empty(tuple)] = ()

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [rule.name for rule in self.rules]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"two rules are named {twice[0]!r}")
        return self


def read_incoming(path: Path | None = None) -> Incoming:
    """Read the file that `MEDIA_OPS_INCOMING_CONFIG` names, or else this repository's; raise `ParamsInvalid`.

    Where there is none of the repository's, there are no rules.
    """
    named = path or os.environ.get(FILE_VARIABLE)
    file = Path(named or CHECKOUT / "config" / "incoming.yaml")
    try:
        return Incoming.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise ParamsInvalid(f"{file}: {place + ': ' if place else ''}{reason}") from None
    except FileNotFoundError:
        if not named:
            return Incoming()
        raise ParamsInvalid(f"{file} cannot be read: there is no such file") from None
    except OSError as error:
        raise ParamsInvalid(f"{file} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except (ValueError, yaml.YAMLError) as error:
        raise ParamsInvalid(f"{file} is no YAML: {' '.join(str(error).split())}") from None
