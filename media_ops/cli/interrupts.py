"""End a command on Ctrl-C, SIGTERM or a closed terminal, wherever its main thread waits."""

from __future__ import annotations

import os
import signal
import threading
import time

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PAUSE = 0.05  # seconds in which the main thread may notice by itself


def end_on_interrupts() -> None:
    """Raise `SystemExit(128 + signal)` in the main thread at the first such signal; further ones are ignored."""
    threading.Thread(target=_wake_main_thread, args=(_first_bytes(),), name="interrupts", daemon=True).start()
    for number in _NUMBERS:
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, _interrupt)


def _first_bytes() -> int:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    return reading


def _wake_main_thread(signals: int) -> None:
    """Hand each signal to the main thread, until that ignores it.

    The kernel may give a signal to any thread. Python then waits for the main thread to come by, which a thread that
    waits for a lock does not: of 19 interrupts of `media conform` two were noticed only when its job had ended.
    """
    while number := os.read(signals, 1):
        time.sleep(_PAUSE)
        if signal.getsignal(number[0]) is _interrupt:  # neither dealt with already, nor somebody else's by now
            signal.pthread_kill(threading.main_thread().ident or 0, number[0])


def _interrupt(number: int, frame: object) -> None:
    for other in _NUMBERS:
        signal.signal(other, signal.SIG_IGN)  # nothing disturbs the cleaning up
    raise SystemExit(128 + number)
