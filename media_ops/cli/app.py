"""The commands, and what becomes of errors: one sentence on stderr, one exit code.

0 success, 1 compare found a difference or a proof does not hold, 2 the input is at fault, 3 the world, 4 we are or
conform found a wrong result, 64 wrong usage, 130 and 143 interrupted.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from media_ops.cli import algorithms, cancel, compare, conform, probe, proof, quality, run, status, storage, trace
from media_ops.cli.interrupts import end_on_interrupts
from media_ops.errors import MediaError, OurError

WRONG_USAGE = 64

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Frame-exact, parallel media processing.",
    epilog="Exit codes: 0 success, 1 compare found a difference or a proof does not hold, 2 the input is at fault, "
    "3 something around us, 4 we are, 64 wrong usage.",
)
app.command("probe")(probe.command)
app.command("run")(run.command)
app.command("compare")(compare.command)
app.command("quality")(quality.command)
app.command("proof")(proof.command)
app.command("conform")(conform.command)
app.command("algorithms")(algorithms.command)
app.command("status")(status.command)
app.command("trace")(trace.command)
app.command("cancel")(cancel.command)
app.add_typer(storage.app, name="storage")


def _print_version(wanted: bool) -> None:
    if wanted:
        from media_ops import __version__

        print(f"media-ops {__version__}")
        raise typer.Exit


@app.callback()
def _everywhere(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,
) -> None:
    pass


def start(arguments: list[str]) -> int:
    """Run one command and give its exit code."""
    end_on_interrupts()
    try:
        return app(arguments, prog_name="media", standalone_mode=False) or 0
    except MediaError as error:
        return _fail(arguments, error.to_record(), error.exit_code)
    except TyperException as error:
        if not arguments:  # the help was printed
            return WRONG_USAGE
        usage = f"{error.format_message()} (see: media --help)"
        return _fail(arguments, {"code": "usage", "fate": "input", "message": usage}, WRONG_USAGE)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes once more
        return 1
    except Exception as unexpected:
        if "--debug" in arguments:
            raise
        sentence = f"unexpected {type(unexpected).__name__}: {unexpected} (media --debug ... shows where)"
        return _fail(arguments, OurError(sentence).to_record(), OurError.exit_code)


def _fail(arguments: list[str], error: dict[str, str], code: int) -> int:
    print(f"media: {error['message']}", file=sys.stderr)
    if "--json" in arguments:
        print(json.dumps(_FAILED | {"error": error}, indent=2))
    return code


# The shape of RunReport, without what it costs to import it.
_FAILED: dict[str, object] = {
    "outcome": "failed",
    "algorithm": {},
    "inputs": [],
    "outputs": [],
    "slicing": None,
    "proof": None,
    "metrics": {},
    "warnings": [],
}
