"""Options that several commands share, and opening the data folder they name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from photoindex.config import Settings
    from photoindex.database import Database

Command = TypeVar("Command", bound=Callable[..., Any])

FOLDER = click.Path(path_type=Path)

# Values are checked by the settings, so that a flag, a variable and config.toml give the same message.
data_option = click.option("--data", metavar="DIR", help="Folder of the database, thumbnails and settings.")
encoder_option = click.option(
    "--encoder", metavar="NAME", help="A name of `photoindex encoder list`, a Hugging Face repository, or a folder."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def web_options(command: Command) -> Command:
    """`--host`, `--port` and `--insecure-no-auth`."""
    for option in (
        click.option("--insecure-no-auth", is_flag=True, help="Listen on a network address without any login."),
        click.option("--port", metavar="PORT", help="Port to listen on (8460); 0 picks a free one."),
        click.option("--host", metavar="HOST", help="Address to listen on (127.0.0.1)."),
    ):
        command = option(command)
    return command


def child_options(command: Command) -> Command:
    """The hidden options that `up` starts its children with."""
    option = click.option("--parent", type=int, hidden=True, help="End when this process does; log warnings only.")
    return option(command)


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database of the data folder, made or migrated first. Raises DatabaseError."""
    from photoindex.database import open_database

    database = open_database(settings.database)
    try:
        yield database
    finally:
        database.close()
