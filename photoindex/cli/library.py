"""`photoindex library`: which folders are watched."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from photoindex.cli.group import Commands
from photoindex.cli.options import FOLDER, data_option, json_option, opened
from photoindex.cli.terminal import print_json, print_table, printable
from photoindex.config import Settings, load_settings
from photoindex.errors import NotFoundError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from photoindex.database import Database
    from photoindex.libraries import LibraryInfo


@click.group(commands=Commands({"confirm": "health", "set": "health:set_library", "purge": "health"}))
def library() -> None:
    """The folders that PhotoIndex watches: add, list and remove them, and see to their health."""


@library.command()
@click.argument("folders", nargs=-1, required=True, type=FOLDER, metavar="DIR...")
@data_option
def add(folders: tuple[Path, ...], data: str | None) -> None:
    """Watch folders. Their photos are only ever read."""
    settings = load_settings({"data": data})
    with opened(settings) as database:
        for added in add_folders(database, settings, folders):
            click.echo(f"watching {printable(added.path)} (library {added.id}, {added.name})")
    click.echo("a running daemon finds the photos by itself; to start one: photoindex up")


@library.command("list")
@json_option
@data_option
def list_libraries(as_json: bool, data: str | None) -> None:
    """List the folders that are watched."""
    from photoindex import libraries

    with opened(load_settings({"data": data})) as database, database.read() as session:
        found = libraries.list_all(session)
    if as_json:
        print_json([_as_dict(each) for each in found])
    elif not found:
        click.echo("no library yet; add one with: photoindex library add DIR")
    else:
        rows = [(each.id, each.name, each.state, each.files, each.path) for each in found]
        print_table(("id", "name", "state", "files", "folder"), rows, right=("id", "files"))


@library.command()
@click.argument("name", metavar="NAME")
@click.option("--yes", is_flag=True, help="Don't ask.")
@data_option
def remove(name: str, yes: bool, data: str | None) -> None:
    """Forget a library, named by its id, name or folder. The photos themselves are not touched."""
    from photoindex.forgetting import forget_library

    settings = load_settings({"data": data})
    with opened(settings) as database:
        with database.read() as session:
            found = find(session, name)
        if not yes and not _confirmed(found):
            click.echo("nothing was removed")
            return
        forget_library(database, settings.thumbnails, found.id)
    click.echo(f"removed {printable(found.path)} from PhotoIndex; the photos in that folder were not touched")


def add_folders(database: Database, settings: Settings, folders: Sequence[Path]) -> list[LibraryInfo]:
    """Make every folder a library, or none of them. Raises LibraryError."""
    from photoindex import libraries

    for folder in folders:
        libraries.check_folder(folder)
        libraries.check_apart(folder, settings.data)
    with database.write() as session:
        return [libraries.add(session, folder) for folder in folders]


def find(session: Session, name: str) -> LibraryInfo:
    """The library with that id, folder or name. Raises NotFoundError."""
    from photoindex import libraries

    named = [each for each in libraries.list_all(session) if each.name == name]
    try:
        return libraries.find(session, name)
    except NotFoundError:
        if len(named) == 1:
            return named[0]
        if named:
            ids = ", ".join(str(each.id) for each in named)
            raise NotFoundError(f"{len(named)} libraries are called {name}; name one by its id: {ids}") from None
        raise


def _confirmed(found: LibraryInfo) -> bool:
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is here to ask; say --yes to remove the library")
    question = f"Forget {printable(found.path)} and what was indexed of it? Its photos are not touched."
    return click.confirm(question)


def _as_dict(each: LibraryInfo) -> dict[str, object]:
    return {
        "id": each.id,
        "name": each.name,
        "path": each.path,
        "state": each.state,
        "problem": each.problem,
        "files": each.files,
    }
