"""How long a store keeps what it holds."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, StrictInt, field_validator, model_validator

from media_ops.model import Noun

# S3 counts whole days from 1; its clients leave out a 0 without a word.
Days = Annotated[StrictInt, Field(ge=1, le=36500)]


class Rules(Noun):
    """Lifecycle of one store; None turns a rule off."""

    colder_after_days: Days | None = Field(None, description="Objects become cheaper to keep.")
    colder_class: str | None = Field(
        None, pattern=r"^[A-Za-z0-9_.:-]{1,255}$", description="Their storage class then, in an object store."
    )
    cold: str | None = Field(None, description="Where they are moved then, in a folder store; else they stay.")
    delete_after_days: Days | None = Field(None, description="Objects are deleted.")
    abort_after_days: Days | None = Field(None, description="What unfinished writers left is removed.")

    @field_validator("cold")
    @classmethod
    def _is_absolute(cls, cold: str | None) -> str | None:
        if cold is not None and (not os.path.isabs(cold) or "\0" in cold):
            raise ValueError("it must be an absolute path")
        return cold

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.colder_after_days is None and (self.colder_class or self.cold):
            raise ValueError("colder_class and cold want colder_after_days")
        if self.colder_after_days is not None and not (self.colder_class or self.cold):
            raise ValueError("colder_after_days wants colder_class, cold or both")
        if None not in (self.colder_after_days, self.delete_after_days) and (
            (self.colder_after_days or 0) >= (self.delete_after_days or 0)
        ):
            raise ValueError("colder_after_days must be smaller than delete_after_days")
        return self

    @property
    def delete_after(self) -> timedelta | None:
        """Age from which an object is deleted."""
        return _span(self.delete_after_days)

    @property
    def colder_after(self) -> timedelta | None:
        """Age from which an object becomes cheaper to keep."""
        return _span(self.colder_after_days)

    @property
    def abort_after(self) -> timedelta | None:
        """Age from which what an unfinished writer left is removed."""
        return _span(self.abort_after_days)


def _span(days: int | None) -> timedelta | None:
    return None if days is None else timedelta(days=days)


def spoken(days: int) -> str:
    """Say a number of days."""
    return "1 day" if days == 1 else f"{days} days"
