"""Where a proved result goes: into the store of results under its content key, and to the output that was named."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from media_ops.errors import OutputExists, StoreUnavailable
from media_ops.model import Part, Proof
from media_ops.requests import Keeping
from media_ops.storage.address import bucket_and_key
from media_ops.storage.document import sealed, to_bytes
from media_ops.storage.far import is_far, shown
from media_ops.storage.passing import pour
from media_ops.storage.proved import SUFFIX, publish_proved
from media_ops.storage.publish import scratch_beside
from media_ops.storage.shelf import Record, Shelf

if TYPE_CHECKING:
    from media_ops.storage import Store

KIND = "result"
# First parts of keys in the store of results that are no user's to name.
OWN_KEYS = ("results", "memo", "incoming", "watchdog")


@dataclass(frozen=True)
class Published:
    """A result that can be had at `output`, and its proof at `proof_file`: paths, or addresses in a bucket."""

    output: str
    proof_file: str
    proof: Proof


@dataclass(frozen=True)
class Wanted:
    """Where a result is to be: at `output`, a path or `s3://bucket/key`, or kept only where that is empty."""

    output: str
    container: str
    replace: bool

    @property
    def path(self) -> Path | None:
        """The file to be written, where it is one of this machine."""
        return Path(self.output) if self.output and not is_far(self.output) else None


def publish(
    made: Path,
    proof: Proof,
    source: str,
    wanted: Wanted,
    keeping: Keeping | None,
    trace: str,
    *,
    sure: bool = True,
    check: Callable[[], None] = lambda: None,
) -> Published:
    """Publish `made`, which is taken away; `trace` tells this attempt from others at the same result.

    Of several that keep the same result one counts, and all publish that one. Nobody is given what was not made
    for sure of the source in its key. `check` raises if this attempt was given up: it is called before anything can
    be seen. Raises `OutputExists` where the output is there and not to be replaced.
    """
    if keeping is None or (wanted.output and not sure):
        check()
        if wanted.path:
            return _put(made, proof, source, wanted.path, wanted.replace)
        return _put_far(lambda store, key: store.put(key, made), made, proof, source, wanted)
    from media_ops.storage import open_store

    store = open_store(keeping.store)
    shelf = Shelf(store, KIND)
    place = shelf.place(keeping.key, trace)
    own = _addressed(proof, source, f"result{wanted.container}", None)
    taken = made
    if wanted.path:
        # A copy and not a link: what somebody does to the output must not happen to what is kept.
        taken = made.with_name(f"kept{wanted.container}")
        with made.open("rb") as whole, taken.open("wb") as copy:
            pour(whole, copy)
    video = shelf.put(f"{place}{wanted.container}", taken)
    document = shelf.put(f"{place}{SUFFIX}", to_bytes(own))
    check()
    if not sure:
        return deliver(keeping.store, Record(made={}, parts=[video, document]), source, wanted)
    record = shelf.keep(keeping.key, {}, [video, document], replace=keeping.force)
    check()
    if wanted.path and record.parts == [video, document]:
        return _put(made, proof, source, wanted.path, wanted.replace)
    return deliver(keeping.store, record, source, wanted)


def found(keeping: Keeping) -> Record | None:
    """Look whether the result is kept, whole."""
    from media_ops.storage import open_store

    return None if keeping.force else Shelf(open_store(keeping.store), KIND).find(keeping.key)


def deliver(address: str, record: Record, source: str, wanted: Wanted) -> Published:
    """Publish a result that is kept in the store at `address`."""
    from media_ops.storage import open_store

    store = open_store(address)
    video, document = record.parts
    with store.open(document.key) as file:
        proof = Proof.model_validate_json(file.read())
    if not wanted.output:
        return Published(_place(address, store, video), _place(address, store, document), proof)
    beside = wanted.path or Path(tempfile.gettempdir()) / "result"
    if wanted.path is None and wanted.replace and address == f"s3://{bucket_and_key(wanted.output)[0]}":
        return _put_far(lambda there, key: there.copy(video.key, key), None, proof, source, wanted)
    with scratch_beside(beside) as folder:
        made = folder / f"result{wanted.container}"
        store.fetch(video.key, made)
        if wanted.path:
            return _put(made, proof, source, wanted.path, wanted.replace)
        return _put_far(lambda there, key: there.put(key, made), made, proof, source, wanted)


def _put(made: Path, proof: Proof, source: str, path: Path, replace: bool) -> Published:
    own = _addressed(proof, source, path.name, path.parent)
    document = made.with_name("proof.json")
    document.write_bytes(to_bytes(own))
    place = publish_proved(made, document, path, replace=replace)
    return Published(str(path), str(place), own)


def _put_far(
    write: Callable[[Store, str], object], made: Path | None, proof: Proof, source: str, wanted: Wanted
) -> Published:
    """Put result and proof into a bucket; a proof never stays beside a result that is not its own."""
    from media_ops.storage import open_store

    bucket, key = bucket_and_key(wanted.output)
    store, beside = open_store(f"s3://{bucket}"), f"{key}{SUFFIX}"
    own = _addressed(proof, source, key.rpartition("/")[2], None)
    document = to_bytes(own)
    if made and not wanted.replace:
        if not store.put_if_absent(key, made):
            raise OutputExists(f"output {wanted.output!r} exists already and is not to be replaced")
    else:
        store.delete(beside)
        write(store, key)
    store.put(beside, document)
    if store.sha256(key) not in (None, own.output_sha256):  # replaced meanwhile, by somebody who has a proof of it
        with contextlib.suppress(StoreUnavailable):  # it is gone already
            with store.open(beside) as file:
                mixed = file.read() == document
            if mixed:
                store.delete(beside)
    return Published(wanted.output, f"{wanted.output}{SUFFIX}", own)


def _addressed(proof: Proof, source: str, name: str, folder: Path | None) -> Proof:
    """Give the proof as it stands beside a result of this name in this folder, or elsewhere."""
    place = shown(source) if folder is None or is_far(source) else os.path.relpath(source, folder)
    return sealed(proof.model_copy(update={"source_path": place, "output_name": name}))


def _place(address: str, store: Store, part: Part) -> str:
    return str(store.path(part.key) or f"{address}/{part.key}")
