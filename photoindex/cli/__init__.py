"""The command `photoindex`: its commands are put together here; each lives in a file of its own.

Heavy imports (torch, transformers, Flask, even SQLAlchemy) are inside the functions that need them, so that
`photoindex --help` and a search beside a running server answer at once.
"""

from __future__ import annotations

import click

from photoindex import __version__
from photoindex.cli.group import EXIT_CODES, Commands, Invocation, PhotoIndexGroup

MODULES = {
    "up": "up",
    "library": "library",
    "index": "indexing",
    "daemon": "indexing",
    "serve": "serving",
    "search": "searching",
    "status": "info",
    "pause": "pausing",
    "resume": "pausing",
    "encoder": "info",
    "link": "link",
    "backup": "backups",
    "restore": "backups",
    "doctor": "doctor",
    "demo": "demo",
}
"""Commands, those that are needed first at the head, and the modules that they are in."""


@click.group(
    cls=PhotoIndexGroup,
    commands=Commands(MODULES),
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="photoindex")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_obj
def cli(invocation: Invocation, debug: bool) -> None:
    """Find any photo by describing it.

    Start with: photoindex up DIR
    """
    invocation.debug = debug


def main() -> None:
    """The console script: run the command line in `sys.argv` and exit with its code."""
    cli.main(prog_name="photoindex")
