"""Draw the film in a process of its own: `python -m media_ops.demo_source PATH [SECONDS]`."""

from __future__ import annotations

import os
import signal
import sys

from media_ops.demo_source import make_demo_source
from media_ops.worker.limits import die_with

if __name__ == "__main__":
    die_with(os.getppid())
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the unfinished file is removed
    try:
        make_demo_source(sys.argv[1], seconds=float(sys.argv[2]) if len(sys.argv) > 2 else 180)
    except KeyboardInterrupt:
        sys.exit(130)
