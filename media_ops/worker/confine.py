"""No network, and no way out of the process group, for the child and all that it starts: a filter of system calls.

It needs no privileges. Where the kernel has no such filters, or the machine is neither x86-64 nor 64-bit ARM,
there is none.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from dataclasses import dataclass

_PR_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER = 1
# Without it, kernels before 5.16 slow down every process that has a filter.
_SPEC_ALLOW = 4
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER, _ARCH, _FIRST_ARGUMENT = 0, 4, 16
_X32 = 0x40000000
_LOCAL = (1, 16)  # AF_UNIX; AF_NETLINK, by which a program asks its own kernel


@dataclass(frozen=True)
class _Machine:
    """An architecture as the kernel audits it, and its numbers of system calls."""

    arch: int
    seccomp: int
    socket: int
    setpgid: int
    setsid: int
    # By which a socket of somebody else could be used: ptrace, process_vm_readv, process_vm_writev, pidfd_getfd.
    meddling: tuple[int, ...]
    # io_uring_setup, _enter, _register: it opens sockets without the system call.
    io_uring: tuple[int, ...] = (425, 426, 427)


_MACHINES = {
    "x86_64": _Machine(0xC000003E, 317, 41, 109, 112, (101, 310, 311, 438)),
    "aarch64": _Machine(0xC00000B7, 277, 198, 154, 157, (117, 270, 271, 438)),
}


def confine(*, network: bool) -> str | None:
    """Install the filter for good; give the reason where there is none."""
    name = os.uname().machine
    machine = _MACHINES.get(name)
    if machine is None or struct.calcsize("P") != 8:
        return f"there is no filter of system calls for {name}"
    code = _code(machine, network=network)
    program = b"".join(struct.pack("HBBI", *step) for step in code)
    held = ctypes.create_string_buffer(program, len(program))
    filter_ = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(held)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return f"the kernel does not let us give up privileges ({os.strerror(ctypes.get_errno())})"
    for flags in (_SPEC_ALLOW, 0):
        if libc.syscall(machine.seccomp, _SET_MODE_FILTER, flags, filter_) == 0:
            return None
    return f"the kernel takes no filter of system calls ({os.strerror(ctypes.get_errno())})"


def _code(machine: _Machine, *, network: bool) -> list[tuple[int, int, int, int]]:
    """Give the filter as steps (what, skip if so, skip if not, value)."""
    refused = {number: errno.ENOSYS for number in machine.io_uring}
    refused |= dict.fromkeys((machine.setpgid, machine.setsid, *machine.meddling), errno.EPERM)
    code = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, machine.arch),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),  # 32-bit calls have other numbers
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    ]
    for number, error in refused.items():
        code += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | error)]
    if not network:
        code += [(_EQUAL, 0, 2 + len(_LOCAL), machine.socket), (_LOAD, 0, 0, _FIRST_ARGUMENT)]
        code += [(_EQUAL, len(_LOCAL) - place, 0, family) for place, family in enumerate(_LOCAL)]
        code += [(_RETURN, 0, 0, _ERRNO | errno.EACCES)]
    return [*code, (_RETURN, 0, 0, _ALLOW)]
