"""Which S3 server the tests run on: `MEDIA_OPS_TEST_SERVER` says ministack (the same as nothing) or radosgw."""

from __future__ import annotations

import os
import shutil

import pytest

from media_airflow.demo.ministack import PYTHON

PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin", "setpriv")
SERVER = os.environ.get("MEDIA_OPS_TEST_SERVER") or "ministack"
# radosgw that gives out roles tells nobody what of a key is wrong.
_TELLS = SERVER != "radosgw"
WRONG_SECRET = "secret key is wrong" if _TELLS else "permission denied"
WRONG_KEY = "access key is not known" if _TELLS else "permission denied"


def missing() -> str | None:
    """Say what of the server is not installed, and who installs it."""
    if SERVER == "radosgw":
        absent = [name for name in PROGRAMS if shutil.which(name) is None]
        return f"there is no {absent[0]}; `make test-radosgw` installs it" if absent else None
    if SERVER != "ministack":
        raise pytest.UsageError(f"MEDIA_OPS_TEST_SERVER={SERVER}: it must be ministack or radosgw")
    return None if PYTHON.exists() else "there is no build/ministack; `make test-s3` makes it"


def differs(server: str, reason: str) -> pytest.MarkDecorator:
    """Leave a test out on one of the servers, for a reason that is the server's."""
    return pytest.mark.skipif(server == SERVER, reason=f"{server}: {reason}")
