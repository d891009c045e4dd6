"""`photoindex serve`: the web server."""

from __future__ import annotations

import logging
import os
import socket

import click

from photoindex.cli import logs
from photoindex.cli.options import child_options, data_option, encoder_option, web_options
from photoindex.cli.parent import end_with_parent
from photoindex.cli.running import announce, withdraw
from photoindex.config import load_settings


def compute_on_one_core() -> None:
    """Have a query encoded by one thread. To be called before NumPy or torch is loaded, who read this only then.

    One core encodes a query in milliseconds. Spread over all of them, it waits until each is free of whatever else is
    busy there: beside an indexing daemon, searches took .4 s (p50) and .76 s (p95) instead of .02 and .03.
    """
    for library in ("OPENBLAS", "OMP", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


@click.command()
@web_options
@data_option
@encoder_option
@child_options
@click.option("--fd", type=int, hidden=True, help="A bound socket to serve on, inherited from `up`.")
def serve(
    host: str | None,
    port: str | None,
    insecure_no_auth: bool,
    data: str | None,
    encoder: str | None,
    parent: int | None,
    fd: int | None,
) -> None:
    """Serve the gallery and the JSON API (systemd runs this)."""
    end_with_parent(parent)
    compute_on_one_core()
    settings = load_settings({"data": data, "encoder": encoder, "host": host, "port": port})
    logs.to_stderr(logging.INFO if parent is None else logging.WARNING, bare=parent is not None)
    from photoindex.web import server

    server.check_host(settings.host, insecure_no_auth)
    bound = server.bind_socket(settings.host, settings.port) if fd is None else socket.socket(fileno=fd)

    def ready(url: str) -> None:
        announce(settings.data, url)
        if parent is None:
            click.echo(f"PhotoIndex is at {url}/ - Ctrl-C ends it")

    try:
        server.serve(settings, sock=bound, on_ready=ready)
    finally:
        withdraw(settings.data)
