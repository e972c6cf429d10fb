"""Machines for `make setup`, each played by a folder of stand-in programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from media_ops.settings import Settings

REPOSITORY = Path(__file__).parents[2]
# `make test` tells the makes below it so, and they would print the folders they enter.
OUTSIDE_MAKE = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
REAL_PROGRAMS = (
    "sh",
    "cat",
    "cp",
    "dirname",
    "env",
    "flock",
    "grep",
    "mkdir",
    "readlink",
    "rm",
    "sha256sum",
    "sleep",
    "touch",
)

FAKE_PYTHON = """#!/bin/sh
echo "python $1 $2 $3 $4" | head -n 1 >>"$MACHINE/log"
case "$1 $2" in
    "-m venv")
        rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python
        echo "VIRTUAL_ENV=$(pwd -P)/.venv" >.venv/bin/activate; echo "version = VERSION" >.venv/pyvenv.cfg ;;
    "-m compileall") ;;
    "-m pip") [ ! -e "$MACHINE/pip-breaks" ] || [ "$3" = --version ] ;;
    "-c import ensurepip, venv") [ ! -e "$MACHINE/no-venv" ] ;;
    *) exec REAL -c 'import sys
sys.version_info = tuple(map(int, "VERSION".split(".")))
exec(sys.argv[1])' "$2" ;;
esac
"""
FAKE_APT = """#!/bin/sh
echo "apt-get $*" >>"$MACHINE/log"
case "$*" in
    *install*)
        if [ -e "$MACHINE/apt-breaks-once" ]; then rm "$MACHINE/apt-breaks-once"; exit 100; fi
        case "$*" in *fonts-wqy-microhei*)
            if [ -e "$MACHINE/no-fonts-there" ]; then exit 100; fi
            touch "$MACHINE/font.ttc" ;;
        esac
        cp "$MACHINE/bin/true" "$MACHINE/bin/ffmpeg"; cp "$MACHINE/bin/true" "$MACHINE/bin/ffprobe"
        rm -f "$MACHINE/no-venv" ;;
esac
"""


class Machine:
    """A clone of the project beside a PATH of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clone, self.bin = folder, folder / "it's a clone", folder / "bin"
        (self.clone / "scripts").mkdir(parents=True)
        self.bin.mkdir()
        script = (REPOSITORY / "scripts" / "setup").read_text()
        default = Settings.model_fields["font"].default
        assert default in script
        (self.clone / "scripts" / "setup").write_text(script.replace(default, str(folder / "font.ttc")))
        self.flag("font.ttc")
        (self.clone / "requirements.txt").write_text("one==1\n")
        (self.clone / "pyproject.toml").write_text("[project]\n")
        for name in REAL_PROGRAMS:
            (self.bin / name).symlink_to(shutil.which(name) or f"/usr/bin/{name}")
        self.program("head", 'read -r line; echo "$line"')
        self.program("id", "echo 0")
        for name in ("true", "ffmpeg", "ffprobe"):
            self.program(name, "exit 0")
        self.put("apt-get", FAKE_APT)
        self.python("python3.11", "3.11.9")

    def put(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def program(self, name: str, body: str) -> None:
        self.put(name, f"#!/bin/sh\n{body}\n")

    def python(self, name: str, version: str) -> None:
        self.put(name, FAKE_PYTHON.replace("VERSION", version).replace("REAL", sys.executable))

    def without(self, *names: str) -> None:
        for name in names:
            (self.bin / name).unlink()

    def flag(self, name: str, up: bool = True) -> None:
        (self.folder / name).touch() if up else (self.folder / name).unlink()

    def setup(self, **environment: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "log").write_text("")
        variables = {"PATH": str(self.bin), "MACHINE": str(self.folder), "SETUP_PAUSE": "0", **environment}
        script = str(self.clone / "scripts" / "setup")
        shell = str(self.bin / "sh")
        return subprocess.run([shell, script], env=variables, capture_output=True, text=True, timeout=60)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()
