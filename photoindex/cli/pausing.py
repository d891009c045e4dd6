"""`photoindex pause` and `photoindex resume`: whether photos are indexed for now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from photoindex.cli.options import data_option, opened
from photoindex.config import load_settings

if TYPE_CHECKING:
    from photoindex.pausing import PauseInfo


@click.command()
@click.option("--for", "length", metavar="TIME", help="For so long: 30m, 2h or 1d. Without it: until `resume`.")
@data_option
def pause(length: str | None, data: str | None) -> None:
    """Index no photos for now. Changes are still noticed, and searching goes on.

    A running daemon stops after the photos it has in hand; a pause outlives restarts.
    """
    from photoindex import pausing

    seconds = None if length is None else pausing.seconds_of(length)
    with opened(load_settings({"data": data})) as database, database.write() as session:
        found = pausing.pause(session, seconds)
    click.echo(f"indexing is {describe(found)}; to go on: photoindex resume")


@click.command()
@data_option
def resume(data: str | None) -> None:
    """Go on with indexing after `pause`."""
    from photoindex import pausing

    with opened(load_settings({"data": data})) as database, database.write() as session:
        was_paused = pausing.resume(session)
    click.echo("indexing goes on" if was_paused else "indexing was not paused")


def describe(pause: PauseInfo) -> str:
    """`paused until 2024-03-05 14:30`, by the clock on the wall, or `paused`."""
    return f"paused until {pause.until_here}" if pause.until_here else "paused"
