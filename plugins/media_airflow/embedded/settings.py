"""What an operator decides about the embedded Airflow: the one reader of `config/airflow.yaml`."""

from __future__ import annotations

import os
from pathlib import Path

import yaml
from pydantic import BaseModel, ByteSize, ConfigDict, Field, ValidationError

from media_ops.errors import ParamsInvalid

CHECKOUT = Path(__file__).resolve().parents[3]


class Settings(BaseModel):
    """The file's content; every path absolute and resolved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allowed_roots: tuple[Path, ...] = ()
    store: str | None = None
    cache_bytes: ByteSize = Field(ByteSize(20 * 2**30), ge=0)
    parallelism: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    preload: tuple[str, ...] = ()
    options: dict[str, dict[str, str | int | float | bool]] = {}


def read_settings(path: Path = CHECKOUT / "config" / "airflow.yaml", checkout: Path = CHECKOUT) -> Settings:
    """Read the settings; an empty entry means its default, an unknown one is refused."""
    try:
        content = yaml.safe_load(path.read_text()) or {}
        settings = Settings.model_validate({key: value for key, value in content.items() if value is not None})
    except (OSError, yaml.YAMLError, ValidationError, AttributeError) as error:
        raise ParamsInvalid(f"{path}: {error}") from error
    return settings.model_copy(
        update={
            "allowed_roots": tuple((checkout / root).resolve() for root in settings.allowed_roots),
            "store": settings.store and _place(settings.store, checkout),
        }
    )


def _place(store: str, checkout: Path) -> str:
    return store if store == "s3://" else str((checkout / store).resolve())
