"""`photoindex up`: everything in one foreground command."""

from __future__ import annotations

import os
import socket
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from photoindex.cli.library import add_folders
from photoindex.cli.options import FOLDER, data_option, encoder_option, opened, web_options
from photoindex.cli.progress import Figures, ProgressDisplay, outcome
from photoindex.cli.running import withdraw
from photoindex.cli.signals import Stop, stop_on_signals
from photoindex.cli.supervisor import Child, Supervisor
from photoindex.config import Origin, Settings, load_settings
from photoindex.errors import DatabaseError

if TYPE_CHECKING:
    from photoindex.database import Database
    from photoindex.status import Status

CHECK_SECONDS = 0.25
STATUS_EVERY = 4
"""Checks of the children for one look at the status."""
NO_LIBRARY = "no library yet; choose a folder on the page, or add one with: photoindex library add DIR"


@click.command()
@click.argument("folders", nargs=-1, type=FOLDER, metavar="[DIR]...")
@web_options
@data_option
@encoder_option
def up(
    folders: tuple[Path, ...],
    host: str | None,
    port: str | None,
    insecure_no_auth: bool,
    data: str | None,
    encoder: str | None,
) -> None:
    """Index folders, watch them, and serve the gallery, until Ctrl-C.

    Without DIR: the libraries there are, or those that are then added on the page.
    """
    settings = load_settings({"data": data, "encoder": encoder, "host": host, "port": port})
    start(settings, folders, insecure_no_auth)


def start(settings: Settings, folders: tuple[Path, ...], insecure_no_auth: bool = False) -> None:
    """Do what `photoindex up` does. Raises PhotoIndexError, and Exit with the code of a child that can't run."""
    from photoindex.encoders import registry
    from photoindex.lock import DaemonLock
    from photoindex.web import server

    server.check_host(settings.host, insecure_no_auth)
    if settings.encoder != registry.AUTO:
        registry.find(settings.encoder)
    with opened(settings) as database:
        with DaemonLock(settings.daemon_lock):  # a second `up` ends here, before it has changed anything
            add_folders(database, settings, folders)
        with server.bind_socket(settings.host, settings.port) as bound:
            click.echo(f"PhotoIndex is at {server.address(bound)}/ - Ctrl-C ends it")
            try:
                code = _supervise(settings, database, bound, insecure_no_auth)
            finally:
                withdraw(settings.data, server.address(bound))  # a web server that was killed did not
    if code:
        raise click.exceptions.Exit(code)


def _supervise(settings: Settings, database: Database, bound: socket.socket, insecure_no_auth: bool) -> int:
    """Run the children until a signal comes; the exit code."""
    reporter = Reporter(lambda: _status(database, settings))
    supervisor = Supervisor(_children(settings, bound, insecure_no_auth), reporter.say)
    with stop_on_signals(second_kills=False) as stop:
        try:
            supervisor.start()
            return _watch(supervisor, reporter, stop)
        finally:
            reporter.display.stop()
            supervisor.stop(stop.hurry)


def _watch(supervisor: Supervisor, reporter: Reporter, stop: Stop) -> int:
    checks = 0
    while not stop.wait(CHECK_SECONDS):
        fatal = supervisor.check()
        if fatal is not None:
            return fatal
        if checks % STATUS_EVERY == 0:
            reporter.look()
        checks += 1
    return 0


def _children(settings: Settings, bound: socket.socket, insecure_no_auth: bool) -> list[Child]:
    """The web server first: its page is there before the encoder is loaded."""
    # As we were started: -P keeps the folder we are in, maybe one of photos, from being imported from.
    safe = [] if {"", os.getcwd()} & set(sys.path) else ["-P"]
    common = ["--data", str(settings.data), "--parent", str(os.getpid())]
    if settings.origins.get("encoder") == Origin.FLAG:  # else the children find it where we did, or on the pages
        common += ["--encoder", settings.encoder]
    run = [sys.executable, *safe, "-m", "photoindex"]
    web = ["--host", settings.host, "--port", str(settings.port), "--fd", str(bound.fileno())]
    if insecure_no_auth:
        web.append("--insecure-no-auth")
    return [
        Child("the web server", [*run, "serve", *common, *web], descriptors=[bound.fileno()]),
        Child("the daemon", [*run, "daemon", *common]),
    ]


def _status(database: Database, settings: Settings) -> Status:
    from photoindex import status

    with database.read() as session:
        return status.read(session, settings.daemon_lock)


class Reporter:
    """Tells on stderr what the children say, and what the daemon writes into the database."""

    def __init__(self, read: Callable[[], Status]) -> None:
        self.display = ProgressDisplay()
        self._read = read
        self._recent: deque[str] = deque(maxlen=8)
        self._known: dict[object, str | None] = {}

    def say(self, text: str) -> None:
        """Print a line unless it was among the last few: the daemon logs what it also puts into its status."""
        if text not in self._recent:
            self._recent.append(text)
            self.display.say(text)

    def look(self) -> None:
        """Read the status and say what is new in it."""
        try:
            status = self._read()
        except DatabaseError as error:  # a full disk, say: the children say so too, and go on when there is room
            self._say_new("database", str(error))
            return
        self._say_new("database", None)
        daemon, empty = status.daemon, not status.libraries
        self._say_new("notice", daemon.notice if daemon.state != "stopped" else None)
        self._say_new("problem", daemon.problem)
        self._say_new("resting", daemon.resting and f"indexing rests: {daemon.resting}")
        self._say_new("empty", NO_LIBRARY if empty else None)
        for library in status.libraries:
            self._say_new(library.id, library.problem and f"{library.path}: {library.problem}")
        self.display.show(Figures(daemon.state, status.files, daemon.photos_per_second, daemon.seconds_left))
        if daemon.state == "idle" and not empty and status.files.pending == 0:
            self._say_new("outcome", outcome(status.files))

    def _say_new(self, what: object, text: str | None) -> None:
        if text != self._known.get(what):
            self._known[what] = text
            if text:
                self.say(text)
