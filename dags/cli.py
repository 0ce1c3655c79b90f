"""The `pledge` command. Progress goes to standard error, data to standard output.

Exit codes: 0 done; 1 done, but something is unfit or a check failed; 2 wrong usage or settings; 3 a system did not
answer; 4 the audit chain does not hold.
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import Annotated

import typer

from dags import observed
from dags.failing import failure

# The commands of each module, in the order of the help.
COMMANDS = {
    "cli_night": "run check demo",
    "cli_tables": "verdicts commitments breaches quarantine runs cases",
    "cli_judging": "sensitivity sql",
    "cli_statistics": "series comparisons funnels",
    "cli_findings": "integrity delays exclusions budget",
    "cli_trace": "trace revisions",
    "cli_pack": "pack",
    "cli_standards": "standards",
    "cli_watch": "watch",
    "cli_explaining": "explain acknowledge explanations alerts",
    "cli_alerts": "digest-check route silence",
    "cli_slack": "slack",
    "cli_closing": "close signings",
    "cli_report": "report serve",
    "cli_privacy": "pseudonym erase erasures accesses pseudonyms",
    "cli_chain": "verify",
    "cli_doctor": "doctor settings",
    "cli_database": "database",
}


def application(called: str = "") -> typer.Typer:
    """`pledge` with the command called and its neighbours; with every command where there is none of that name.

    To import and lay out all of them takes longer than most commands.
    """
    app = typer.Typer(
        name="pledge",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(pledge)
    for module in [name for name, commands in COMMANDS.items() if called in commands.split()] or COMMANDS:
        import_module(f"dags.{module}").register(app)
    return app


def _tell_version(wanted: bool) -> None:
    if wanted:
        from dags.versions import code_version

        print(code_version())
        raise typer.Exit


def pledge(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Which code this is.")
    ] = False,
) -> None:
    """Judge the ten promises of the Policing Pledge from a force's own logs."""


def main() -> None:
    """Run the command; a failure is one sentence and its exit code, never a traceback."""
    gc.set_threshold(50_000)  # what is imported stays: to look through it every 700 objects is a tenth of the start
    observed.set_up()
    try:
        called = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
        code = application(called)(standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except (Exception, KeyboardInterrupt) as error:
        sentence, code = failure(error)
        json_line = observed.line("error", sentence, exit_code=code) if observed.in_json() else ""
        told = sentence if sentence.startswith("Usage:") else f"pledge: {sentence}"
        print(json_line or told, file=sys.stderr)
    sys.exit(code or 0)
