"""What an encoder notes in its first pass for its second: files of its own, and what they say of bits."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from media_ops.errors import OurError

# x264 and x265 write a line a frame: "in:0 out:0 type:I ... tex:330866 mv:8964 misc:106 ...".
_LINE = re.compile(rb"\btex:(\d+) mv:(\d+) misc:(\d+)")
_NUMBER = re.compile(rb"in:(\d+) ")
NAME = "passlog"


@contextlib.contextmanager
def stats_path(folder: Path) -> Iterator[str]:
    """Name the files below `folder` by a path that x265's options can hold, in which a colon ends a value."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)


def trim(folder: Path, frames: int) -> None:
    """Forget frames from the `frames`th on, which the encoder only looked at."""
    path = folder / NAME
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if not (at := _NUMBER.match(line)) or int(at[1]) < frames))


def spent(folder: Path) -> tuple[int, int, int, int]:
    """Give frames, bits of residuals, of motion vectors, and of the rest."""
    found = np.array(_LINE.findall((folder / NAME).read_bytes()), np.int64).reshape(-1, 3)
    texture, motion, rest = (int(number) for number in found.sum(0))
    return len(found), texture, motion, rest


def packed(folder: Path) -> tuple[bytes, str]:
    """Give all files of a first pass as one object, and its name: the sha256 of what is in them."""
    buffer, digest = io.BytesIO(), hashlib.sha256()
    files: dict[str, Any] = {}
    for path in sorted(folder.glob(f"{NAME}*")):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)} ".encode() + content)
        files[path.name] = np.frombuffer(content, np.uint8)
    np.savez_compressed(buffer, allow_pickle=False, **files)
    return buffer.getvalue(), digest.hexdigest()


def unpack(data: bytes, folder: Path) -> None:
    """Undo `packed` in `folder`, which must exist."""
    with np.load(io.BytesIO(data), allow_pickle=False) as files:
        for name in files.files:
            if Path(name).name != name or not name.startswith(NAME):
                raise OurError(f"a first pass left a file named {name!r}")
            (folder / name).write_bytes(files[name].tobytes())
