"""What works on files of this machine reaches no network, and nothing leaves the process group."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from media_ops.errors import WorldError
from media_ops.worker.confine import confine
from tests.worker.conftest import Misbehave

pytestmark = pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="no filter for it")

# Tries in a process that has the filter, and then in a child of that.
PROGRAM = """
import ctypes, os, socket, subprocess, sys
from media_ops.worker.confine import confine
reason = confine(network=sys.argv[1] == "network")
assert reason is None, reason
TRIES = '''
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def named(call):
    try:
        return call() and "done"
    except OSError as error:
        return type(error).__name__
def called(*numbers):
    return "done" if libc.syscall(*numbers) >= 0 else os.strerror(ctypes.get_errno())
def opened(*kind):
    return named(lambda: socket.socket(*kind).close() or True)
x86 = os.uname().machine == "x86_64"
print("inet", opened(socket.AF_INET))
print("inet6", opened(socket.AF_INET6))
print("packet", opened(socket.AF_PACKET, socket.SOCK_RAW))
print("unix", opened(socket.AF_UNIX))
print("pair", named(lambda: [end.close() for end in socket.socketpair()]))
print("io_uring", called(425, 1, 0))
print("x32", called(0x40000000 + 41, 2, 1, 0) if x86 else "Function not implemented")
print("setsid", called(112 if x86 else 157))
print("pidfd_getfd", called(438, 0, 0, 0))
'''
exec(TRIES)
print("--", flush=True)
subprocess.run([sys.executable, "-c", TRIES])
"""


def tried(network: str) -> list[dict[str, str]]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, network], capture_output=True, text=True, check=True)
    return [dict(line.split(" ", 1) for line in half.strip().splitlines()) for half in done.stdout.split("--")]


def test_without_network_there_are_sockets_of_this_machine_only() -> None:
    itself, its_child = tried("none")
    assert itself == its_child
    assert {itself[kind] for kind in ("inet", "inet6", "packet")} == {"PermissionError"}
    assert (itself["unix"], itself["pair"]) == ("done", "done")


def test_there_is_no_way_around() -> None:
    for seen in (*tried("none"), *tried("network")):
        assert (seen["io_uring"], seen["x32"]) == ("Function not implemented", "Function not implemented")
        assert (seen["setsid"], seen["pidfd_getfd"]) == ("Operation not permitted", "Operation not permitted")


def test_with_network_there_are_all() -> None:
    assert {seen["inet"] for seen in tried("network")} == {"done"}


def test_32_bit_calls_are_refused() -> None:
    if platform.machine() != "x86_64":
        pytest.skip("32-bit calls are of x86")
    # mov eax, 359 (socket); mov ebx, 2; mov ecx, 1; xor edx, edx; int 0x80; ret
    program = """
import ctypes, mmap
from media_ops.worker.confine import confine
assert confine(network=False) is None
code = bytes.fromhex("53b867010000bb02000000b90100000031d2cd805bc3")
page = mmap.mmap(-1, 4096, prot=7)
page.write(code)
place = ctypes.addressof(ctypes.c_char.from_buffer(page))
print(ctypes.CFUNCTYPE(ctypes.c_int)(place)())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    # -38: not implemented; without 32-bit calls at all the kernel ends the process.
    assert done.stdout.strip() == "-38" or done.returncode == -11


def test_an_algorithm_at_work_on_a_file_opens_no_socket(misbehave: Misbehave) -> None:
    with pytest.raises(WorldError, match="PermissionError"):
        misbehave(how="socket", at=5).run()


def test_where_there_is_no_filter_it_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media_ops.worker.confine._MACHINES", {})
    assert "no filter of system calls for" in (confine(network=False) or "")
