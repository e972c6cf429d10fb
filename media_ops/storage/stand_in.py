"""What is opened in the place of a source for a while: an excerpt of it, or the source with somebody watching."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO, Literal

Opener = Callable[[], RawIOBase | BinaryIO]
# `beside` stands in for a source where anything but its picture is read.
Part = Literal["all", "beside"]

_OPENERS: dict[tuple[str, Part], Opener] = {}


@contextlib.contextmanager
def standing_in(name: str, opener: Opener, part: Part = "all") -> Iterator[None]:
    """Have a source opened by `opener` inside the block."""
    before = _OPENERS.get((name, part))
    _OPENERS[name, part] = opener
    try:
        yield
    finally:
        if before is None:
            del _OPENERS[name, part]
        else:
            _OPENERS[name, part] = before


def stand_in(name: str | Path, part: Part = "all") -> Opener | None:
    """Give what opens a source just now; None where it is opened as it is."""
    return _OPENERS.get((str(name), part))
