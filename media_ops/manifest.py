"""What a ladder is, as a document: its files, which count only together with it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from media_ops.errors import OutputExists, ParamsInvalid
from media_ops.model import Noun
from media_ops.storage.address import bucket_and_key
from media_ops.storage.far import is_far

if TYPE_CHECKING:
    from media_ops.publishing import Wanted

SUFFIX = ".ladder.json"


class Rendered(Noun):
    """One file of a ladder; its proof stands beside it."""

    name: str
    file: str
    algorithm: str
    width: int
    height: int
    frames: int
    bits_per_second: int = Field(description="Of the whole file.")
    picture_bits_per_second: int = Field(description="Of its picture alone.")
    size: int
    sha256: str


class Manifest(Noun):
    """All files of a ladder; their key frames stand at the same times, of which `key_digest` is the digest."""

    schema_version: int = 1
    made_at: str
    source_sha256: str
    source_size: int
    seconds: str = Field(description="How long the film is shown, as a fraction.")
    key_seconds: str = Field(description="Wanted distance of key frames, as a fraction.")
    key_frames: int
    key_digest: str = Field(description="sha256 over their times in seconds as rational text, one a line.")
    outputs: list[Rendered]


def output_of(output: str, name: str) -> str:
    """Give the place of a rendition, beside the output that was asked for."""
    stem, dot, extension = output.rpartition(".")
    return f"{stem}.{name}{dot}{extension}"


def manifest_of(output: str) -> str:
    """Give the manifest's place."""
    return f"{output.rpartition('.')[0]}{SUFFIX}"


def check_free(place: str, source: str, replace: bool) -> None:
    """Refuse a ladder whose manifest cannot be written."""
    if is_far(place):
        from media_ops.storage import open_store

        bucket, key = bucket_and_key(place)
        taken = not replace and open_store(f"s3://{bucket}").stat(key) is not None
    else:
        path = Path(place)
        if path.is_dir():
            raise ParamsInvalid(f"output {place!r}: it is a folder")
        if not is_far(source) and path.exists() and os.path.samefile(path, source):
            raise ParamsInvalid(f"output {place!r}: it is the input itself")
        taken = not replace and os.path.lexists(path)
    if taken:
        raise OutputExists(f"output {place!r} exists already and is not to be replaced")


def withdraw(wanted: Wanted) -> None:
    """Take an older manifest away: it must not name files that are about to change."""
    from media_ops.errors import StoreUnavailable
    from media_ops.storage import open_store
    from media_ops.storage.durable import sync

    place = manifest_of(wanted.output)
    if wanted.path is None:
        bucket, key = bucket_and_key(place)
        open_store(f"s3://{bucket}").delete(key)
        return
    try:
        Path(place).unlink(missing_ok=True)
        sync(Path(place).parent)
    except OSError as error:
        raise StoreUnavailable(f"manifest {place!r} cannot be taken away: {error.strerror}") from error


def publish_manifest(manifest: Manifest, wanted: Wanted, folder: Path) -> str:
    """Write it beside its files, through `folder`; give its place."""
    from media_ops.storage import open_store
    from media_ops.storage.publish import publish

    place, data = manifest_of(wanted.output), manifest.model_dump_json(indent=1).encode() + b"\n"
    if wanted.path:
        made = folder / "manifest.json"
        made.write_bytes(data)
        publish(made, Path(place), replace=wanted.replace)
        return place
    bucket, key = bucket_and_key(place)
    store = open_store(f"s3://{bucket}")
    if wanted.replace:
        store.put(key, data)
    elif not store.put_if_absent(key, data):
        raise OutputExists(f"output {place!r} exists already and is not to be replaced")
    return place


def common(warnings: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    """Join warnings by rendition: those of all once, the others with its name."""
    everywhere = set.intersection(*(set(said) for _, said in warnings))
    told = [one if one in everywhere else f"{name}: {one}" for name, said in warnings for one in said]
    return list(dict.fromkeys(told))
