"""The command line `media`: the library without Airflow."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from media_ops.cli.app import start

    sys.exit(start(sys.argv[1:]))
