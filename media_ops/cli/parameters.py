"""`--param k=v`: text where the algorithm's field takes text, else JSON."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any, Literal, get_args, get_origin

import typer

from media_ops.errors import ParamsInvalid


def assignments(given: list[str]) -> dict[str, str]:
    """Split `k=v`; anything else is wrong usage."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise typer.BadParameter(f"--param {text!r} is not of the form k=v")
        if name in found:
            raise typer.BadParameter(f"--param {name} is given twice")
        found[name] = value
    return found


def typed(algorithm: str, given: dict[str, str]) -> dict[str, Any]:
    """Give the values as the fields take them; whether they are allowed is for the algorithm to say."""
    from media_ops.registry import get

    fields = get(algorithm).Params.model_fields
    values: dict[str, Any] = {}
    for name, text in given.items():
        if name not in fields or takes_text(fields[name].annotation):
            values[name] = text
            continue
        try:
            values[name] = json.loads(text)
        except ValueError:
            raise ParamsInvalid(f"{algorithm}: parameter {name}: {text!r} is not JSON") from None
    return values


def takes_text(annotation: Any) -> bool:
    """Whether text is among the values of a type: `str`, a literal or enumeration of text, a union with one."""
    if get_origin(annotation) is Literal:
        return any(isinstance(value, str) for value in get_args(annotation))
    if isinstance(annotation, type) and not get_args(annotation):
        values = [member.value for member in annotation] if issubclass(annotation, Enum) else []
        return issubclass(annotation, str) or any(isinstance(value, str) for value in values)
    if get_origin(annotation) in (list, dict, tuple, set, frozenset):
        return False
    return any(takes_text(part) for part in get_args(annotation))
