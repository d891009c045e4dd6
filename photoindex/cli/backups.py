"""`photoindex backup` and `photoindex restore`: a copy of the database, and bringing it back."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from photoindex.cli.options import FOLDER, data_option, json_option
from photoindex.cli.terminal import print_json, printable
from photoindex.config import load_settings
from photoindex.messages import some

COUNTED = ("photo", "album", "saved_search", "embedding")


@click.command()
@click.argument("file", type=FOLDER, metavar="FILE")
@json_option
@data_option
def backup(file: Path, as_json: bool, data: str | None) -> None:
    """Copy the database to FILE, also while PhotoIndex runs, and check the copy."""
    from photoindex import backups
    from photoindex.cli.options import opened

    settings = load_settings({"data": data})
    file = file.expanduser().absolute()
    with opened(settings):  # the newest schema, and a file that is ours
        made = backups.make(settings.database, file)
    if as_json:
        print_json({"path": str(made.path), "size_bytes": made.size_bytes, "rows": made.rows})
    else:
        click.echo(f"copied and checked: {printable(str(file))} ({made.size_bytes / 1e6:.1f} MB, {_about(made.rows)})")


@click.command()
@click.argument("file", type=FOLDER, metavar="FILE")
@click.option("--yes", is_flag=True, help="Don't ask.")
@data_option
def restore(file: Path, yes: bool, data: str | None) -> None:
    """Bring back the database from FILE. PhotoIndex must not run; what is there now is kept aside."""
    from photoindex import backups, migrating
    from photoindex.lock import DaemonLock
    from photoindex.resources import resource_folder

    settings = load_settings({"data": data})
    file = file.expanduser().absolute()
    found = backups.verify(file)
    migrating.check_revision(file, migrating.stored_revision(file), resource_folder("migrations"))
    if not yes and settings.database.exists():
        if not sys.stdin.isatty():
            raise click.UsageError("nobody is here to ask; say --yes to replace the database")
        question = f"Replace the database in {printable(str(settings.data))} by this copy ({_about(found.rows)})?"
        if not click.confirm(question):
            click.echo("nothing was changed")
            return
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with DaemonLock(settings.daemon_lock):
        kept = backups.bring_back(file, settings.database)
    click.echo(f"restored {printable(str(file))} ({_about(found.rows)})")
    if kept is not None:
        click.echo(f"what was there before is kept: {printable(str(kept))}")


def _about(rows: dict[str, int]) -> str:
    return ", ".join(some(rows.get(name, 0), f"{name.replace('_', ' ')} row") for name in COUNTED)
