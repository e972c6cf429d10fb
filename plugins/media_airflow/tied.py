"""A process that ends when its parent ends, however the parent ended.

Run as a program it ties itself, drops root where told to, and becomes the given command:

    python -I -S tied.py [--user NAME] [--signal NAME] COMMAND...

`MEDIA_OPS_PARENT` in the environment names the process to live and die with; 0 or nothing means none.
Only the standard library is imported here: this file runs before every service.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import pwd
import signal
import sys
import threading

PARENT_VARIABLE = "MEDIA_OPS_PARENT"
PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int, how: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send `how` to this process when the process `parent` ends; leave now if it has.

    The kernel watches the *thread* that started us: start tied processes from a thread that stays.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(how))
    if os.getppid() != parent:
        os._exit(1)


def tie_forks() -> None:
    """Tie every process that this one forks from its main thread from now on, and theirs in turn.

    Forks from other threads stay untied: their children would die with the thread.
    """
    forking: list[int] = []

    def before() -> None:
        if threading.current_thread() is threading.main_thread():
            forking.append(os.getpid())

    def in_parent() -> None:
        forking.clear()

    def in_child() -> None:
        if forking:
            die_with_parent(forking.pop())
        forking.clear()

    os.register_at_fork(before=before, after_in_parent=in_parent, after_in_child=in_child)


def main(arguments: list[str]) -> None:
    """Tie this process as the command line says, then become the command."""
    parser = argparse.ArgumentParser(prog="tied")
    parser.add_argument("--user")
    parser.add_argument("--signal", default="SIGKILL", choices=["SIGKILL", "SIGTERM", "SIGINT"])
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    if options.user:
        entry = pwd.getpwnam(options.user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    # After the change of user, which makes the kernel forget the signal.
    if parent := int(os.environ.get(PARENT_VARIABLE) or 0):
        die_with_parent(parent, signal.Signals[options.signal])
    os.environ[PARENT_VARIABLE] = str(os.getpid())
    os.execv(options.command[0], options.command)


if __name__ == "__main__":
    main(sys.argv[1:])
