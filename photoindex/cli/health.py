"""`photoindex library confirm`, `set` and `purge`: what a library asks, how often it is scanned, what is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from photoindex.cli.library import find
from photoindex.cli.options import data_option, opened
from photoindex.cli.terminal import printable
from photoindex.config import load_settings
from photoindex.messages import some

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from photoindex.libraries import LibraryInfo
    from photoindex.purging import Purge

LEAST_POLL_SECONDS, MOST_POLL_SECONDS = 1, 604_800


@click.command()
@click.argument("name", metavar="NAME")
@data_option
def confirm(name: str, data: str | None) -> None:
    """Say that the files a library holds back as gone are really gone. Nothing of them is forgotten yet."""
    from photoindex import libraries

    settings = load_settings({"data": data})
    with opened(settings) as database, database.write() as session:
        asked = libraries.confirm(session, find(session, name).id)
    kept = (
        f"what is known of them is kept for {some(settings.missing_days, 'day')}"
        if settings.missing_days
        else "all is kept"
    )
    held = some(asked.held, "file")
    click.echo(f"the next scan of {printable(asked.path)} takes {held} for missing; {kept},")
    click.echo("and if they come back they are there again at once. A running daemon scans within seconds")


@click.command("set")
@click.argument("name", metavar="NAME")
@click.option(
    "--poll", metavar="SECONDS", required=True, help="Scan it that often; `default` leaves it to the settings."
)
@data_option
def set_library(name: str, poll: str, data: str | None) -> None:
    """Change how often a library is scanned, whatever events tell."""
    from photoindex import libraries

    seconds = _seconds(poll)
    with opened(load_settings({"data": data})) as database, database.write() as session:
        found = find(session, name)
        libraries.set_poll(session, found.id, seconds)
    often = "as often as the settings say" if seconds is None else f"every {seconds:g} seconds"
    click.echo(f"{printable(found.path)} is scanned {often}")


@click.command()
@click.argument("name", metavar="NAME", required=False)
@click.option("--older-than", metavar="DAYS", type=click.IntRange(min=0), help="Files gone for longer; 90 unless set.")
@click.option("--marked", is_flag=True, help="Photos too that are favourites, rated, hidden or in an album.")
@click.option("--yes", is_flag=True, help="Forget them; without it they are only counted.")
@data_option
def purge(name: str | None, older_than: int | None, marked: bool, yes: bool, data: str | None) -> None:
    """Forget files that have been gone for long, and photos of which no file is left. No file is deleted."""
    from photoindex import purging
    from photoindex.forgetting import forget_gone
    from photoindex.models import utc_now

    settings = load_settings({"data": data})
    days = older_than if older_than is not None else settings.missing_days
    if older_than is None and not days:
        raise click.UsageError("missing_days is 0, which keeps all; say --older-than DAYS")
    before = utc_now() - timedelta(days=days)
    with opened(settings) as database:
        with database.read() as session:
            found = find(session, name) if name is not None else None
            counted = purging.survey(session, before, found.id if found else None, marked=marked)
            away = _away(session, found)
        for line in away:
            click.echo(f"{line} is offline; nothing of it is forgotten")
        if yes:
            done = forget_gone(database, settings.thumbnails, before, found.id if found else None, marked=marked)
            counted = replace(counted, files=done.files, photos=done.photos)
    for line in _lines(counted, days, yes):
        click.echo(line)


def _seconds(text: str) -> float | None:
    if text == "default":
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not LEAST_POLL_SECONDS <= seconds <= MOST_POLL_SECONDS:
        raise click.UsageError(
            f"--poll must be `default` or seconds from {LEAST_POLL_SECONDS} to {MOST_POLL_SECONDS}, not {text!r}"
        )
    return seconds


def _away(session: Session, found: LibraryInfo | None) -> list[str]:
    from photoindex import libraries
    from photoindex.models import LibraryState

    listed = [found] if found is not None else libraries.list_all(session)
    return [printable(each.path) for each in listed if each.state == LibraryState.OFFLINE]


def _lines(counted: Purge, days: int, done: bool) -> list[str]:
    files, photos = some(counted.files, "file"), some(counted.photos, "photo")
    gone = f"{files} gone for more than {some(days, 'day')}, {photos} of which no file is left"
    lines = [f"forgot {gone}" if done else f"would forget {gone}"]
    if counted.kept:
        kept = some(counted.kept, "photo")
        lines.append(f"kept {kept}: favourite, rated, hidden or in an album; see --marked")
    if not done and counted.files:
        lines.append("nothing was forgotten yet; to do it add --yes")
    return lines
