"""Keep an encoder from taking the processors for itself."""

from __future__ import annotations

import ctypes
import resource

_VERSION = 0x20080522  # _LINUX_CAPABILITY_VERSION_3
_CAP_SYS_NICE = 23


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Set(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def stay_ordinary() -> None:
    """Give up, for this thread and those it starts, the right to be scheduled before everybody else.

    Started as root, SVT-AV1 makes its threads and the one that opened it SCHED_FIFO of priority 99, and children
    inherit that: two encoders on two processors held up everything else, killing them included, for minutes.
    Without the right, as in most containers, it goes on with ordinary threads.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = _Header(_VERSION, 0), (_Set * 2)()
    if libc.capget(ctypes.byref(header), sets) == 0:
        sets[0].effective &= ~(1 << _CAP_SYS_NICE)
        libc.capset(ctypes.byref(header), sets)
    resource.setrlimit(resource.RLIMIT_RTPRIO, (0, resource.getrlimit(resource.RLIMIT_RTPRIO)[1]))
