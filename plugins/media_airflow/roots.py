"""Which files a job may touch: only those below the allowed roots, judged by their resolved paths.

A refusal says nothing about what lies outside the roots, not even whether anything does.
"""

from __future__ import annotations

import os
from pathlib import Path

from media_airflow.settings import Settings
from media_ops.asked import container_of, destination_of
from media_ops.errors import OutputExists, ParamsInvalid, SourceNotAllowed
from media_ops.publishing import OWN_KEYS, Wanted
from media_ops.settings import Settings as Library
from media_ops.storage.address import file_path, scheme_of
from media_ops.storage.far import is_far, shown
from media_ops.storage.hosts import allowed_url
from media_ops.storage.proved import check_place
from media_ops.storage.source import locate


def source_file(given: str, settings: Settings, role: str = "source") -> str:
    """Give the resolved path of a readable, regular, allowed file to read; a root may be that one file.

    A source may be far, too: on a host that is listed, in the bucket of sources, or in one that is listed.
    """
    if role == "source" and is_far(given):
        return _far_source(given, settings)
    path = _resolve(role, given)
    if path is None or not any(path.is_relative_to(root) for root in settings.allowed_roots):
        raise _not_allowed(role, given)
    return locate(str(path))


def _far_source(given: str, settings: Settings) -> str:
    scheme, _, rest = given.partition("://")
    if scheme.lower() != "s3":
        if "@" in rest.partition("/")[0]:  # a run's parameters are there for all to see
            raise SourceNotAllowed(f"source {shown(given)!r}: it must not hold a user or a password")
        allowed_url(given)
        return given
    bucket = rest.partition("/")[0]
    listed = [name.strip() for name in Library().s3_buckets.split(",")]
    if not bucket or (bucket not in listed and f"s3://{bucket}" != settings.sources):
        raise SourceNotAllowed(f"source {shown(given)!r}: it is not in a bucket that jobs may use")
    return given


def output_place(given: str, settings: Settings, *, source: str, replace: bool) -> Wanted:
    """Say where to publish: a resolved path, neither it nor its folder need exist yet, or a key of the result bucket.

    Keys below which the software itself keeps results are not for others.
    """
    if is_far(given) and f"{settings.results}/" == given[: len(settings.results) + 1]:
        key = given[len(settings.results) + 1 :]
        if key.partition("/")[0] in OWN_KEYS:
            raise SourceNotAllowed(
                f"output {given!r}: {key.partition('/')[0]!r} is where results are kept by content"
            )
        return destination_of(given, source, replace)
    path = _resolve("output", given)
    if path is None or not any(root in path.parents for root in settings.allowed_roots):
        raise _not_allowed("output", given)
    container = container_of(given)
    try:
        _check_place(given, path, source, replace)
    except OSError as error:
        raise ParamsInvalid(f"output {given!r} cannot be written: {(error.strerror or str(error)).lower()}") from None
    return Wanted(str(path), container, replace)


def _not_allowed(role: str, given: str) -> SourceNotAllowed:
    return SourceNotAllowed(f"{role} {given!r}: it is not below a folder that jobs may use")


def _resolve(role: str, given: str) -> Path | None:
    scheme = scheme_of(given)
    if scheme not in (None, "file"):
        raise SourceNotAllowed(f"{role} {shown(given)!r}: addresses of the scheme {scheme!r} are not served")
    named = given if scheme is None else file_path(given)
    if named is None or not os.path.isabs(named):
        raise SourceNotAllowed(f"{role} {given!r}: it must be an absolute path or a file:/// address of this machine")
    try:
        return Path(named).resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a NUL, a name that is no text
        return None


def _check_place(given: str, path: Path, source: str, replace: bool) -> None:
    if not is_far(source) and (path == Path(source) or (path.exists() and path.samefile(source))):
        raise ParamsInvalid(f"output {given!r}: it is the source itself")
    if path.is_dir():
        raise ParamsInvalid(f"output {given!r}: it is a folder")
    if path.exists() and not replace:
        raise OutputExists(f"output {given!r} exists already and is not to be replaced")
    check_place(given, path, source, replace)
    parent = next(folder for folder in path.parents if folder.exists())
    if not parent.is_dir():
        raise ParamsInvalid(f"output {given!r}: {str(parent)!r} is not a folder")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise ParamsInvalid(f"output {given!r}: the folder {str(parent)!r} cannot be written to")
