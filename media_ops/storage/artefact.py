"""Named arrays as an object in the store."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from media_ops.errors import AlgorithmFailed

if TYPE_CHECKING:
    from numpy.typing import NDArray


def packed(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Pack arrays of numbers or text; raises `AlgorithmFailed` for arrays of Python objects."""
    import numpy as np

    for name, array in arrays.items():
        if not isinstance(name, str) or np.asarray(array).dtype.hasobject:
            raise AlgorithmFailed(f"an analysis gave {name!r}, which is no array of numbers or text")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **{f"a_{name}": array for name, array in arrays.items()})
    return buffer.getvalue()


def unpacked(data: bytes) -> dict[str, NDArray[Any]]:
    """Undo `packed`."""
    import numpy as np

    with np.load(io.BytesIO(data), allow_pickle=False) as loaded:
        return {name.removeprefix("a_"): loaded[name] for name in loaded.files}


def digest_of(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Give a sha256 of names, types, shapes and values; what `packed` gives holds the time of day, too."""
    import numpy as np

    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        plain = np.ascontiguousarray(array)
        digest.update(f"{name!r} {plain.dtype.str} {plain.shape} ".encode())
        digest.update(plain.tobytes())
    return digest.hexdigest()
