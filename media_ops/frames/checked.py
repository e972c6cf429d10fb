"""Whether what an algorithm gave is a picture of the film."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from media_ops.errors import AlgorithmFailed
from media_ops.frame import Film, Format, Planes, Rgb
from media_ops.frames.arrays import bits_of


def check_picture(picture: Any, form: Format, film: Film, size: tuple[int, int]) -> None:
    """Raise `AlgorithmFailed` unless `picture` is of the form, and of the width and height `size`."""
    width, height = size
    bits = bits_of(form, film.depth)
    if not isinstance(form, Planes):
        shape = (height, width, 3) if isinstance(form, Rgb) else (height, width)
        _check(picture, "the picture", shape, bits)
        return
    across, down = film.subsampling
    names = ("Y", "U", "V")[: film.planes]
    if not isinstance(picture, tuple | list):
        raise AlgorithmFailed(f"the picture is {_kind(picture)}, not a tuple of the planes {', '.join(names)}")
    if len(picture) != len(names):
        raise AlgorithmFailed(f"the picture has {len(picture)} planes where {', '.join(names)} are due")
    for name, plane in zip(names, picture, strict=True):
        shape = (height, width) if name == "Y" else (-(-height // down), -(-width // across))
        _check(plane, f"plane {name}", shape, bits)


def _check(array: Any, name: str, shape: tuple[int, ...], bits: int) -> None:
    if not isinstance(array, np.ndarray):
        raise AlgorithmFailed(f"{name} is {_kind(array)}, not a numpy array")
    if array.shape != shape:
        raise AlgorithmFailed(f"{name} has the shape {list(array.shape)} where {list(shape)} is due")
    wanted: np.dtype[Any] = np.dtype(np.uint8 if bits == 8 else np.uint16)
    if array.dtype != wanted:
        raise AlgorithmFailed(f"{name} is of {array.dtype}{_odd_numbers(array)} where {wanted} is due")
    most = (1 << bits) - 1
    if bits not in (8, 16) and array.size and (highest := int(array.max())) > most:
        raise AlgorithmFailed(f"{name} holds {highest}, and code values of {bits} bits end at {most}")


def _odd_numbers(array: NDArray[Any]) -> str:
    if not np.issubdtype(array.dtype, np.inexact):
        return ""
    if np.isnan(array).any():
        return ", with NaN in it,"
    return "" if np.isfinite(array).all() else ", with infinite numbers in it,"


def _kind(thing: Any) -> str:
    return "None" if thing is None else f"a {type(thing).__name__}"
