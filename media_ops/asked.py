"""What a job on this machine is asked for: inputs that exist, and an output that can be written."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Any

from media_ops.algorithm import DOCUMENT, Algorithm
from media_ops.errors import InputError, OutputExists, ParamsInvalid, Unsupported
from media_ops.manifest import check_free, manifest_of, output_of
from media_ops.publishing import Wanted
from media_ops.storage import keys, open_store
from media_ops.storage.address import bucket_and_key
from media_ops.storage.far import is_far, shown
from media_ops.storage.proved import SUFFIX, check_place
from media_ops.storage.source import find_source, locate

CONTAINERS = (".mp4", ".mov", ".mkv", ".webm")


def taken(kind: type[Algorithm], inputs: list[str], params: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Give the source, and the parameters with the places of files resolved; further inputs are parameters, too."""
    most = 1 + len(kind.inputs)
    if not 1 <= len(inputs) <= most:
        wanted = "one input" if most == 1 else f"1 to {most} inputs"
        raise ParamsInvalid(f"{kind.name()} takes {wanted}, not {len(inputs)}")
    further = dict(zip(kind.inputs, inputs[1:], strict=False))
    if twice := further.keys() & {name for name, value in params.items() if value is not None}:
        raise ParamsInvalid(f"{kind.name()}: parameter {min(twice)} is given, and an input for it")
    params = params | further
    for name in kind.file_params():
        if isinstance(params.get(name), str):
            params[name] = _located(kind, name, params[name])
    return find_source(inputs[0]), params


def _located(kind: type[Algorithm], name: str, given: str) -> str:
    try:
        return locate(given)
    except InputError as error:
        raise ParamsInvalid(f"{kind.name()}: parameter {name}: {error}") from error


def destination_of(output: str, source: str, replace: bool) -> Wanted:
    """Say where the result goes; raise what speaks against writing there before anything is computed."""
    if is_far(output):
        return _in_bucket(output, source, replace)
    path = Path(os.path.abspath(output))
    problem = None
    try:
        output.encode()
    except UnicodeEncodeError:
        raise ParamsInvalid(f"output {output!r}: its name is not valid UTF-8") from None
    container_of(output)
    if not path.parent.is_dir():
        problem = f"there is no folder {str(path.parent)!r}"
    elif path.is_dir():
        problem = "it is a folder"
    elif not is_far(source) and path.exists() and os.path.samefile(path, source):
        problem = "it is the input itself"
    if problem:
        raise ParamsInvalid(f"output {output!r}: {problem}")
    if not replace and os.path.lexists(path):
        raise OutputExists(f"output {output!r} exists already and is not to be replaced")
    check_place(output, path, source, replace)
    return Wanted(str(path), path.suffix.lower(), replace)


def destinations_of(algorithm: Algorithm, output: str, source: str, replace: bool) -> Wanted:
    """Do so for all files of a job; those of a ladder stand beside the output that was asked for."""
    if not algorithm.several:
        return destination_of(output, source, replace)
    wanted = destination_of(output, source, True)
    for name in algorithm.renditions():
        destination_of(output_of(wanted.output, name), source, replace)
    check_free(manifest_of(wanted.output), source, replace)
    return Wanted(wanted.output, wanted.container, replace)


def container_of(output: str) -> str:
    """Give the extension of an output, in lower case; raise `Unsupported` where none is served."""
    extension = PurePosixPath(output).suffix.lower()
    if extension not in (*CONTAINERS, DOCUMENT):
        raise Unsupported(f"output {shown(output)!r}: its name must end in one of {' '.join(CONTAINERS)}")
    return extension


def _in_bucket(output: str, source: str, replace: bool) -> Wanted:
    if not output.lower().startswith("s3://"):
        raise ParamsInvalid(f"output {shown(output)!r}: results are written to files and to s3://bucket/key only")
    container = container_of(output)
    bucket, key = bucket_and_key(output)
    output = f"s3://{bucket}/{key}"
    try:
        keys.check(f"{key}{SUFFIX}")
    except ValueError as error:
        raise ParamsInvalid(f"output {output!r}: {error}") from None
    if output in (source, f"{source}{SUFFIX}") or f"{output}{SUFFIX}" == source:
        raise ParamsInvalid(f"output {output!r}: it is the input itself, or would replace it")
    store = open_store(f"s3://{bucket}")
    if not replace and (store.stat(key) or store.stat(f"{key}{SUFFIX}")):
        raise OutputExists(f"output {output!r} exists already and is not to be replaced")
    return Wanted(output, container, replace)
