"""Where one instance keeps its things."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from media_ops.errors import ToolMissing

# A socket's address holds 107 bytes; supervisor appends a process id to the name while it binds.
LONGEST_SOCKET_FOLDER = 85
SYSTEM_FOLDER = Path("/var/lib/media-ops")


@dataclass(frozen=True)
class Layout:
    """Paths of the instance at `home`, which is Airflow's home, private to the user who starts it.

    `database` is the folder of PostgreSQL's data, `sockets` of the control socket. As root the database runs
    as another user, who may not be able to enter `home`: it gets a folder of its own below `SYSTEM_FOLDER`.
    """

    home: Path
    database: Path
    sockets: Path
    as_root: bool

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.database / "data"

    @property
    def database_socket(self) -> Path:
        """Folder of PostgreSQL's socket, entered by its user (and root) alone."""
        return self.database / "socket" if self.as_root else self.sockets

    @property
    def control_socket(self) -> Path:
        """Socket by which the supervisor is told what to do."""
        return self.sockets / "supervisor"

    @property
    def migrated(self) -> Path:
        """Marks a database that is ready to be used; holds the version of Airflow it is ready for."""
        return self.home / "migrated"

    @property
    def logs(self) -> Path:
        """Logs of the services; those of tasks lie beside."""
        return self.home / "logs" / "services"

    def create(self) -> None:
        """Make the folders that are missing; the mode of one that exists is never touched."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.as_root:
            for folder in (SYSTEM_FOLDER, self.database):
                make_passable(folder)
        self.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = self.sockets.stat()
        if owner.st_uid != os.geteuid() or owner.st_mode & 0o022:
            raise ToolMissing(f"{self.sockets} belongs to somebody else: remove it")


def make_passable(folder: Path) -> None:
    """Make a folder that every user can pass through, whatever the umask; leave an existing one alone."""
    if not folder.is_dir():
        folder.mkdir()
        folder.chmod(0o755)


def layout_of(home: Path, *, as_root: bool | None = None) -> Layout:
    """Decide the paths of the instance at `home`."""
    home = home.resolve()
    as_root = os.geteuid() == 0 if as_root is None else as_root
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    if as_root:
        own = SYSTEM_FOLDER / name
        return Layout(home, database=own, sockets=own / "control", as_root=True)
    sockets = home / "sockets"
    if len(os.fsencode(sockets)) > LONGEST_SOCKET_FOLDER:
        sockets = Path(tempfile.gettempdir()) / f"media-ops-{os.geteuid()}-{name}"
    return Layout(home, database=home / "postgres", sockets=sockets, as_root=False)
