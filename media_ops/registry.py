"""The folder `media_ops/algorithms/` is the registry."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import media_ops.algorithms
from media_ops.algorithm import Algorithm
from media_ops.errors import ParamsInvalid


def algorithm_names() -> list[str]:
    """List every algorithm's name, sorted, without importing any."""
    return sorted(module.name for module in pkgutil.iter_modules(media_ops.algorithms.__path__))


@cache
def get(name: str) -> type[Algorithm]:
    """Import one algorithm; raise `ParamsInvalid` when there is none of that name."""
    if name not in algorithm_names():
        raise ParamsInvalid(f"there is no algorithm {name!r}; there are: {', '.join(algorithm_names())}")
    module = importlib.import_module(f"media_ops.algorithms.{name}")
    found = [
        member
        for member in vars(module).values()
        if isinstance(member, type) and issubclass(member, Algorithm) and member.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise TypeError(f"{module.__name__} must define exactly one Algorithm, not {len(found)}")
    return found[0]


def all_algorithms() -> dict[str, type[Algorithm]]:
    """Import every algorithm, by name."""
    return {name: get(name) for name in algorithm_names()}
