"""The user as whom PostgreSQL runs when we are root, which it refuses to be."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess

from media_ops.errors import ToolMissing

SYSTEM_USER = "media-ops-db"


def system_user() -> pwd.struct_passwd:
    """Give the user, who owns nothing but databases and cannot log in; made the first time."""
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        make(SYSTEM_USER)
        return pwd.getpwnam(SYSTEM_USER)


def make(name: str) -> None:
    """Make a system user without a home."""
    useradd = shutil.which("useradd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not useradd:
        raise ToolMissing("PostgreSQL refuses to run as root, and there is no useradd to make a user for it")
    without_home = ["--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
    done = subprocess.run(
        [useradd, "--system", "--user-group", *without_home, name],
        capture_output=True,
        text=True,
        check=False,
    )
    # 9: the name is taken, by another start that was faster.
    if done.returncode not in (0, 9):
        raise ToolMissing(f"no user {name} could be made for PostgreSQL: {done.stderr.strip()}")
