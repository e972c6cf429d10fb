"""The three stores by what they are for: the one reader of `config/storage.yaml`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from media_ops.errors import ParamsInvalid
from media_ops.model import Noun
from media_ops.storage.address import file_path, scheme_of
from media_ops.storage.rules import Rules

CHECKOUT = Path(__file__).resolve().parents[2]
FILE_VARIABLE = "MEDIA_OPS_STORAGE_CONFIG"
HOME_VARIABLE = "MEDIA_OPS_STORE"

# Amazon's rule for names of buckets; a folder store's own folders never look like one.
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class Role(Rules):
    """One of the three: where it is, and how long it keeps things."""

    store: str = Field(description="Name of a bucket or a folder of `home`, or an address; absolute once read.")

    @model_validator(mode="after")
    def _has_what_its_kind_wants(self) -> Self:
        if self.bucket and self.colder_after_days is not None and not self.colder_class:
            raise ValueError("colder_after_days of a bucket wants colder_class")
        return self

    @property
    def bucket(self) -> str | None:
        """The bucket, in an object store."""
        return self.store.removeprefix("s3://") if self.store.startswith("s3://") else None

    @property
    def rules(self) -> Rules:
        """The rules without the place."""
        return Rules.model_validate(self.model_dump(exclude={"store"}))


class Stores(Noun):
    """The content of the file, its addresses resolved."""

    home: str = ""
    source: Role
    result: Role
    segment: Role

    def roles(self) -> dict[str, Role]:
        """Give the three by name."""
        return {"source": self.source, "result": self.result, "segment": self.segment}

    @model_validator(mode="before")
    @classmethod
    def _resolve(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            raise ValueError("it holds no settings by name")
        home = _home(content.get("home"))
        resolved = {**content, "home": home}
        for name in ("source", "result", "segment"):
            role = content.get(name)
            if isinstance(role, dict) and isinstance(role.get("store"), str):
                resolved[name] = {**role, "store": _address(home, role["store"])}
        return resolved

    @model_validator(mode="after")
    def _are_apart(self) -> Self:
        """Refuse places that hold one another: one's rule would delete what the other is to keep."""
        places = {f"{name}.store": role.store for name, role in self.roles().items()}
        places |= {f"{name}.cold": _folder(role.cold) for name, role in self.roles().items() if role.cold}
        taken: list[tuple[str, str]] = []
        for name, place in places.items():
            for other, at in taken:
                if place == at or Path(place) in Path(at).parents or Path(at) in Path(place).parents:
                    raise ValueError(f"{other} and {name} share a place: {at!r} and {place!r}")
            taken.append((name, place))
        return self


def default_file() -> Path:
    """Give the file that `MEDIA_OPS_STORAGE_CONFIG` names, or else this repository's."""
    return Path(os.environ.get(FILE_VARIABLE) or CHECKOUT / "config" / "storage.yaml")


def read_stores(path: Path | None = None) -> Stores:
    """Read the file, or raise `ParamsInvalid` with what is wrong with it."""
    path = path or default_file()
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)
        return Stores.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        shown = "" if isinstance(first["input"], dict | Noun) else f", not {first['input']!r}"
        reason = first["msg"].removeprefix("Value error, ")
        raise ParamsInvalid(f"{path}: {place + ': ' if place else ''}{reason}{shown}") from None
    except OSError as error:
        raise ParamsInvalid(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    except (ValueError, yaml.YAMLError) as error:
        raise ParamsInvalid(f"{path} is no YAML: {' '.join(str(error).split())}") from None


class _Loader(yaml.SafeLoader):
    """Refuses a name that is given twice; YAML's own loader takes the last without a word."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        names = [self.construct_object(key, deep=deep) for key, _ in node.value]
        for name in names:
            if names.count(name) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{name!r} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _home(given: Any) -> str:
    if given is not None and not isinstance(given, str):
        raise ValueError(f"home: it must be an address, not {given!r}")
    home = given or os.environ.get(HOME_VARIABLE) or str(CHECKOUT / "build" / "airflow" / "store")
    if scheme_of(home) != "s3":
        return _folder(home)
    if given and given.lower() != "s3://":
        raise ValueError(f"home: of object stores it must be nothing but s3://, not {given!r}: each role is a bucket")
    return "s3://"


def _address(home: str, store: str) -> str:
    if _NAME.fullmatch(store):
        return f"s3://{store}" if home == "s3://" else os.path.join(home, store)
    if scheme_of(store) == "s3":
        bucket = store[len("s3://") :].removesuffix("/")
        if not store.lower().startswith("s3://") or not _NAME.fullmatch(bucket):
            raise ValueError(f"store {store!r}: it must name a bucket and nothing in it")
        return f"s3://{bucket}"
    return _folder(store)


def _folder(address: str) -> str:
    scheme = scheme_of(address)
    path = file_path(address) if scheme == "file" else address if scheme is None else None
    if not path or not os.path.isabs(path) or "\0" in path:
        raise ValueError(f"{address!r} must be a name, an absolute path, file:///folder or s3://bucket")
    return os.path.realpath(path)
