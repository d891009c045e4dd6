"""How a command ends: the one place that turns errors into a line on stderr and an exit code."""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NoReturn

import click

from photoindex.cli.terminal import one_line
from photoindex.errors import PhotoIndexError

EXIT_CODES = """\b
Exit codes:
    0  done
    1  an error that has no code of its own
    2  a wrong option, setting or search
    3  a folder can't be a library
    4  the database can't be used
    5  the encoder can't be used
    6  the web server can't start (its port is taken, say)
    7  no process can be started that decodes photos
   75  another process indexes this data folder
  130  interrupted by Ctrl-C
"""


@dataclass
class Invocation:
    """One run of the command line."""

    debug: bool = False


class Commands(MutableMapping[str, click.Command]):
    """Commands by their names, each imported when it is looked up."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        """`modules`: which module of this package each command is in, as `module:name` if it has another name there."""
        self._known: dict[str, click.Command | str] = dict(modules)

    def __getitem__(self, name: str) -> click.Command:
        found = self._known[name]
        if isinstance(found, str):
            module, _, attribute = found.partition(":")
            found = self._known[name] = getattr(import_module(f"photoindex.cli.{module}"), attribute or name)
        return found

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._known[name] = command

    def __delitem__(self, name: str) -> None:
        del self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, name: object) -> bool:
        return name in self._known


class PhotoIndexGroup(click.Group):
    """A command group that ends every error in one line, without a traceback, and with its exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order they were added: what one needs first stands first."""
        return list(self.commands)

    def main(self, args: Sequence[str] | None = None, *positional: Any, **named: Any) -> NoReturn:
        """Run a command line and exit."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # a file name that this terminal can't show is no error
                stream.reconfigure(errors="replace")
        invocation = Invocation()
        try:
            result = super().main(args, *positional, **{**named, "standalone_mode": False, "obj": invocation})
        except (Exception, KeyboardInterrupt) as error:
            if invocation.debug and not isinstance(error, click.ClickException):
                traceback.print_exc()
            result = _report(error)
        sys.exit(result if isinstance(result, int) else 0)


def _report(error: BaseException) -> int:
    """Say what went wrong; the exit code."""
    match error:
        case click.exceptions.NoArgsIsHelpError():
            error.show()
            return error.exit_code
        case click.UsageError():
            _say(f"{error.format_message().rstrip('.')} (see: {_path_of(error)} --help)")
            return error.exit_code
        case click.ClickException():
            _say(error.format_message())
            return error.exit_code
        case click.Abort() | KeyboardInterrupt():
            return 130
        case PhotoIndexError():
            _say(str(error))
            return error.exit_code
    _say(f"unexpected error: {type(error).__name__}: {error}. Please report it; run with --debug for the traceback")
    return 1


def _path_of(error: click.UsageError) -> str:
    return error.ctx.command_path if error.ctx else "photoindex"


def _say(message: str) -> None:
    click.echo(f"photoindex: {one_line(message)}", err=True)
