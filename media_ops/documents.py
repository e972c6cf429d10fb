"""Where a document goes, and the files that stand beside it: whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from media_ops.errors import OutputExists, ParamsInvalid
from media_ops.storage import open_store
from media_ops.storage.address import bucket_and_key
from media_ops.storage.far import is_far
from media_ops.storage.publish import cannot_write, publish, scratch_beside


def stem_of(output: str) -> str:
    """Give the name of an output without its ending: files beside the document begin with it, and a dot."""
    return PurePosixPath(output).stem


def publish_documents(
    document: bytes, folder: Path, output: str, inputs: Sequence[str], replace: bool, check: Callable[[], None]
) -> list[str]:
    """Publish a document as `output`, and the files in `folder` beside it; give all places, the document's first.

    The document goes before the files beside it are replaced and comes after them: one that is there stands beside
    its own. None of `inputs` is ever replaced. `check` raises if this attempt was given up. Raises `OutputExists`,
    `ParamsInvalid` or `StoreUnavailable`.
    """
    files = sorted(folder.iterdir())
    if is_far(output):
        return _put_far(document, files, output, replace, check)
    place = Path(output)
    places = [place.with_name(file.name) for file in files if not file.name.startswith(".")]
    for other in (place, *places):
        if other.is_dir():
            raise ParamsInvalid(f"output {output!r}: {str(other)!r} is a folder")
        if any(other.exists() and os.path.exists(film) and other.samefile(film) for film in inputs):
            raise ParamsInvalid(f"output {output!r}: {str(other)!r} is one of the films")
        if not replace and other.exists():
            raise OutputExists(f"output {str(other)!r} exists already and is not to be replaced")
    with scratch_beside(place) as scratch:
        made = scratch / place.name
        made.write_bytes(document)
        check()
        try:
            if replace:
                place.unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(place, error) from error
        for other in places:
            near = scratch / other.name
            near.write_bytes((folder / other.name).read_bytes())
            publish(near, other, replace=replace)
        publish(made, place, replace=replace)
    return [str(place), *map(str, places)]


def _put_far(document: bytes, files: list[Path], output: str, replace: bool, check: Callable[[], None]) -> list[str]:
    bucket, key = bucket_and_key(output)
    store = open_store(f"s3://{bucket}")
    keys = {str(PurePosixPath(key).with_name(file.name)): file for file in files if not file.name.startswith(".")}
    for other in (key, *keys):
        if not replace and store.stat(other):
            raise OutputExists(f"output {f's3://{bucket}/{other}'!r} exists already and is not to be replaced")
    check()
    if replace:
        store.delete(key)
    for other, file in keys.items():
        store.put(other, file.read_bytes())
    if replace:
        store.put(key, document)
    elif not store.put_if_absent(key, document):
        raise OutputExists(f"output {output!r} exists already and is not to be replaced")
    return [output, *(f"s3://{bucket}/{other}" for other in keys)]
