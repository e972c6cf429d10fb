"""`media algorithms`."""

from __future__ import annotations

import sys


def command() -> None:
    """List the algorithms: names only, one a line, unless on a terminal."""
    from media_ops.algorithm import FrameAlgorithm, MeasureAlgorithm
    from media_ops.registry import algorithm_names, get

    if not sys.stdout.isatty():
        for name in algorithm_names():
            print(name)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("algorithm", "version", "works on", "cut", "what it does", box=None, header_style="bold")
    for name in algorithm_names():
        kind = get(name)
        shape = "frames" if issubclass(kind, FrameAlgorithm) else "encoding"
        shape = "two films" if issubclass(kind, MeasureAlgorithm) else shape
        table.add_row(name, kind.version, shape, kind.exactness, kind.title())
    Console().print(table)
