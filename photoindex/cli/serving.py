"""`photoindex serve`: the web server."""

from __future__ import annotations

import logging
import socket

import click

from photoindex.cli import logs
from photoindex.cli.options import child_options, data_option, encoder_option, web_options
from photoindex.cli.parent import end_with_parent
from photoindex.cli.running import announce, withdraw
from photoindex.config import load_settings


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
