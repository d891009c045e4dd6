"""`photoindex index` and `photoindex daemon`: indexing once, and for ever."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from photoindex.cli import logs
from photoindex.cli.library import add_folders
from photoindex.cli.options import FOLDER, child_options, data_option, encoder_option, opened
from photoindex.cli.parent import end_with_parent
from photoindex.cli.progress import Figures, ProgressDisplay, duration, outcome
from photoindex.cli.signals import Stop, ending_within, stop_on_signals
from photoindex.config import Settings, load_settings

if TYPE_CHECKING:
    from photoindex.daemon.reporting import Progress

END_SECONDS = 8.0
"""How long the daemon has to end: what waits for it, such as systemd or `up`, has more patience."""


@click.command()
@click.argument("folders", nargs=-1, type=FOLDER, metavar="[DIR]...")
@click.option("--once", is_flag=True, help="End when nothing is left to do. It always does; scripts may say so.")
@data_option
@encoder_option
def index(folders: tuple[Path, ...], once: bool, data: str | None, encoder: str | None) -> None:
    """Index all libraries now, with a progress bar, and end.

    Folders that are given become libraries first.
    """
    from photoindex import libraries, lock

    settings = load_settings({"data": data, "encoder": encoder})
    with opened(settings) as database:
        add_folders(database, settings, folders)
        with database.read() as session:
            nothing = not libraries.list_all(session)
    if nothing:
        click.echo("there is no library yet; name the folder of your photos: photoindex index DIR")
        return
    if folders and lock.is_held(settings.daemon_lock):
        click.echo("the running daemon indexes these folders now; to see how far it is: photoindex status")
        return
    with stop_on_signals() as stop:
        _index(settings, stop)
    if stop.is_set():
        raise click.exceptions.Exit(130 if stop.by_ctrl_c else 0)


@click.command(short_help="Watch the libraries and index what changes.")
@data_option
@encoder_option
@child_options
def daemon(data: str | None, encoder: str | None, parent: int | None) -> None:
    """Watch the libraries and index whatever changes, for ever (systemd runs this)."""
    end_with_parent(parent)
    settings = load_settings({"data": data, "encoder": encoder})
    logs.to_stderr(logging.INFO if parent is None else logging.WARNING, bare=parent is not None)
    from photoindex.daemon import priority, service

    priority.stand_back(settings.nice, settings.io_priority)
    with stop_on_signals() as stop, ending_within(stop, END_SECONDS):
        service.run(settings, stop=stop, watch=True)


def _index(settings: Settings, stop: Stop) -> None:
    from photoindex.files import Counts
    from photoindex.lock import DaemonLock

    with DaemonLock(settings.daemon_lock):
        pass  # when another process indexes, that is told before anything is loaded
    started, display = time.monotonic(), ProgressDisplay()
    logs.to(display.say)
    display.show(Figures("starting", Counts()))
    from photoindex.daemon import service

    try:
        last = service.run(
            settings, stop=stop, watch=False, on_progress=lambda progress: display.show(figures_of(progress))
        )
    finally:
        display.stop()
    if stop.is_set():
        left = "1 photo is" if last.counts.pending == 1 else f"{last.counts.pending} photos are"
        click.echo(f"stopped: {left} left; to go on: photoindex index")
    else:
        click.echo(f"{outcome(last.counts)}, in {duration(time.monotonic() - started)}")


def figures_of(progress: Progress) -> Figures:
    """What the progress display shows of the service's progress."""
    return Figures(progress.state, progress.counts, progress.photos_per_second, progress.seconds_left)
