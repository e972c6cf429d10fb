"""A signal that the kernel gives to another thread than the main one ends a command all the same."""

import signal
import subprocess
import sys

import pytest

# The main thread waits for a lock, which only a signal of its own interrupts.
PROGRAM = """
import signal, threading
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may have been started by nohup
from media_ops.cli.interrupts import end_on_interrupts
end_on_interrupts()
threading.Timer(0.2, lambda: signal.pthread_kill(threading.get_ident(), {number})).start()
threading.Event().wait()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_another_thread_ends_the_command(number: signal.Signals) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(number=int(number))], timeout=10, check=False)
    assert done.returncode == 128 + number
