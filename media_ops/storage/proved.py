"""A result and its proof, beside each other in one folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from media_ops.errors import OutputExists, ParamsInvalid, StoreUnavailable
from media_ops.storage.alone import alone
from media_ops.storage.durable import sync
from media_ops.storage.far import is_far
from media_ops.storage.publish import cannot_write

SUFFIX = ".proof.json"
_LONGEST_NAME = 255  # bytes, on nearly every file system
_PATIENCE = 10.0  # seconds that others may take to move two files


def proof_path(output: Path) -> Path:
    """Give the proof's place beside `output`; a name too long for it is cut, and told apart by a digest."""
    name = os.fsencode(output.name)
    if len(name) + len(SUFFIX) > _LONGEST_NAME:
        mark = b"~" + hashlib.sha256(name).hexdigest()[:16].encode()
        kept = name[: _LONGEST_NAME - len(SUFFIX) - len(mark)].decode(errors="ignore").encode()
        name = kept + mark
    return output.with_name(os.fsdecode(name) + SUFFIX)


def check_place(given: str, output: Path, source: str, replace: bool) -> None:
    """Refuse an output whose proof would destroy something; `given` is how the user named the output."""
    place = proof_path(output)
    if place.is_dir():
        raise ParamsInvalid(f"output {given!r}: its proof cannot be written, {place.name!r} is a folder")
    if not is_far(source) and (place == Path(source) or (place.exists() and os.path.samefile(place, source))):
        raise ParamsInvalid(f"output {given!r}: its proof would replace the source {place.name!r}")
    if not replace and os.path.lexists(place):
        raise OutputExists(f"output {given!r}: the proof {place.name!r} exists already and is not to be replaced")


def publish_proved(made: Path, proof: Path, destination: Path, *, replace: bool) -> Path:
    """Move a result and its proof, both complete and in one scratch folder beside it, into place.

    Give the proof's place. A proof never stands beside a result that is not its own: the old one goes before the new
    result comes, and the new one comes after it. Killed in between, the result has no proof, old or new. Raises
    `OutputExists` (nothing is changed) or `StoreUnavailable` (what could be put back is).
    """
    place = proof_path(destination)
    try:
        sync(made)
        sync(proof)
        with _alone_in(destination.parent):
            if replace:
                _replace(made, proof, destination, place)
            else:
                _add(made, proof, destination, place)
            sync(destination.parent)
    except FileExistsError as error:
        taken = error.filename2 or destination
        raise OutputExists(f"output {str(taken)!r} exists already and is not to be replaced") from None
    except OSError as error:
        raise cannot_write(destination, error) from error
    return place


def _replace(made: Path, proof: Path, destination: Path, place: Path) -> None:
    old = made.with_name("old.proof")
    with contextlib.suppress(FileNotFoundError):
        os.replace(place, old)
        sync(destination.parent)
    try:
        os.replace(made, destination)
    except OSError:
        if old.exists():
            os.replace(old, place)
        raise
    # On the disk before the proof is: after a power cut there may be no proof, but none of another result.
    sync(destination.parent)
    os.replace(proof, place)


def _add(made: Path, proof: Path, destination: Path, place: Path) -> None:
    if os.path.lexists(place):
        raise FileExistsError(17, "exists", str(proof), None, str(place))
    os.link(made, destination)
    sync(destination.parent)
    try:
        os.link(proof, place)
    except OSError:
        if os.path.samefile(made, destination):
            destination.unlink()
        raise


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep other publishers out of `folder`: two that interleave would mix their pairs.

    File systems without locks are used without.
    """
    with contextlib.ExitStack() as stack:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        stack.callback(os.close, descriptor)
        try:
            stack.enter_context(alone(descriptor, _PATIENCE))
        except BlockingIOError:
            raise StoreUnavailable(f"folder {str(folder)!r} is locked by another publisher") from None
        except OSError:  # no locks here
            pass
        yield
