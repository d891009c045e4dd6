"""The command `photoindex`: its commands are put together here; each lives in a file of its own.

Heavy imports (torch, transformers, Flask, even SQLAlchemy) are inside the functions that need them, so that
`photoindex --help` and a search beside a running server answer at once.
"""

from __future__ import annotations

import click

from photoindex import __version__
from photoindex.cli.demo import demo
from photoindex.cli.doctor import doctor
from photoindex.cli.group import EXIT_CODES, Invocation, PhotoIndexGroup
from photoindex.cli.indexing import daemon, index
from photoindex.cli.info import encoder, status
from photoindex.cli.library import library
from photoindex.cli.pausing import pause, resume
from photoindex.cli.searching import search
from photoindex.cli.serving import serve
from photoindex.cli.up import up


@click.group(cls=PhotoIndexGroup, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="photoindex")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_obj
def cli(invocation: Invocation, debug: bool) -> None:
    """Find any photo by describing it.

    Start with: photoindex up DIR
    """
    invocation.debug = debug


for command in (up, library, index, daemon, serve, search, status, pause, resume, encoder, doctor, demo):
    cli.add_command(command)


def main() -> None:
    """The console script: run the command line in `sys.argv` and exit with its code."""
    cli.main(prog_name="photoindex")
