"""`photoindex link`: an address that lets a browser change libraries and settings."""

from __future__ import annotations

import click

from photoindex.cli.options import data_option
from photoindex.cli.running import find_server
from photoindex.config import load_settings
from photoindex.errors import ServerError


@click.command()
@data_option
def link(data: str | None) -> None:
    """Print an address that lets a browser change libraries and settings."""
    from photoindex.web import owner, secret

    settings = load_settings({"data": data})
    url = find_server(settings.data)
    if url is None:
        raise ServerError("no web server runs; start one with: photoindex up")
    click.echo(owner.link(secret.read(settings.data), url))
    click.echo(
        f"the browser that opens it within {owner.LINK_SECONDS // 60} minutes may change libraries and settings until "
        "it is closed; from another machine, open it by the name that machine calls this one",
        err=True,
    )
