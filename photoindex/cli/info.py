"""`photoindex status` and `photoindex encoder list`: what there is and what goes on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from photoindex.cli.options import data_option, json_option, opened
from photoindex.cli.pausing import describe
from photoindex.cli.progress import Figures
from photoindex.cli.running import find_server
from photoindex.cli.terminal import one_line, print_json, print_table
from photoindex.config import load_settings
from photoindex.messages import some

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from photoindex.status import Status


@click.command()
@click.option("--failed", is_flag=True, help="List the files that could not be indexed, and why.")
@json_option
@data_option
def status(failed: bool, as_json: bool, data: str | None) -> None:
    """Show what is indexed and what the daemon does."""
    from photoindex import status as statuses

    settings = load_settings({"data": data})
    with opened(settings) as database, database.read() as session:
        if failed:
            _show_failed(list(_failed(session)), as_json)
            return
        found = statuses.read(session, settings.daemon_lock)
    if as_json:
        print_json(found.as_dict())
    else:
        for line in _lines(found, find_server(settings.data)):
            click.echo(line)


@click.group()
def encoder() -> None:
    """What turns photos and descriptions into something comparable."""


@encoder.command("list")
@json_option
@data_option
def list_encoders(as_json: bool, data: str | None) -> None:
    """List the encoders that have a name; any Hugging Face repository or folder can be used too."""
    from photoindex import embeddings, encoders

    with opened(load_settings({"data": data})) as database, database.read() as session:
        active = embeddings.active_encoder(session)
    found = [_encoder(spec, active is not None and active.name == spec.name) for spec in encoders.ENCODERS]
    if active is not None and not any(each["in_use"] for each in found):
        found.append(_encoder(encoders.EncoderSpec(active.name, dim=active.dim), True))
    if as_json:
        print_json(found)
        return
    rows = [
        ("*" if each["in_use"] else "", each["name"], each["dim"], _where(each), each["languages"], _about(each))
        for each in found
    ]
    print_table(("", "name", "dim", "weights", "languages", "about"), rows, right=("dim",))


def _encoder(spec: Any, in_use: bool) -> dict[str, Any]:
    from photoindex import encoders

    return {
        "name": spec.name,
        "description": spec.description,
        "dim": spec.dim,
        "languages": spec.languages,
        "multilingual": spec.multilingual,
        "download_mb": spec.download_mb,
        "availability": encoders.available(spec),
        "recommended": spec.recommended,
        "in_use": in_use,
    }


def _where(each: dict[str, Any]) -> str:
    download = each["availability"] == "download" and each["download_mb"]
    return f"download, {each['download_mb']} MB" if download else str(each["availability"])


def _about(each: dict[str, Any]) -> str:
    signs = [sign for sign in ("recommended", "in_use") if each[sign]]
    return ", ".join(filter(None, (each["description"], *signs))).replace("in_use", "in use here")


def _lines(found: Status, url: str | None) -> Iterator[str]:
    files, daemon = found.files, found.daemon
    figures = Figures(daemon.state, files, daemon.photos_per_second, daemon.seconds_left)
    yield f"photos     {found.photos:,}, {found.searchable:,} of them searchable"
    yield (
        f"files      {files.indexed:,} indexed, {files.pending:,} pending, {files.failed:,} failed, "
        f"{files.missing:,} missing"
    )
    yield f"encoder    {_encoder_line(found)}"
    priority = f" ({daemon.priority})" if daemon.priority else ""
    yield f"daemon     {figures if daemon.state == 'indexing' else daemon.state}{priority}"
    yield f"server     {f'{url}/' if url else 'not running'}"
    if daemon.isolation:
        yield f"isolation  {daemon.isolation}"
    if found.pause is not None and daemon.resting is None:
        yield f"           indexing is {describe(found.pause)}; to go on: photoindex resume"
    for text in filter(None, (daemon.resting, daemon.notice, daemon.problem)):
        yield f"           {one_line(text)}"
    for each in found.libraries:
        yield f"library {each.id}  {one_line(each.path)}: {each.state}, {some(each.files, 'file')}"
        for text in filter(None, (each.problem, *each.notices)):
            yield f"           {one_line(text)}"
    if not found.libraries:
        yield "library    none yet; add one with: photoindex library add DIR"


def _encoder_line(found: Status) -> str:
    encoder = found.encoder
    if encoder.name is None:
        return "none yet"
    device = f" on {encoder.device}" if encoder.device else ""
    return f"{one_line(encoder.name)} ({encoder.dim} dimensions){device}"


def _failed(session: Session) -> Iterator[dict[str, Any]]:
    """Every file that failed, page by page."""
    from photoindex import files, libraries

    roots = {each.id: each.root for each in libraries.list_all(session)}
    after = 0
    while page := files.failures(session, after_id=after):
        for failure in page:
            path = os.path.join(roots[failure.library_id], failure.path)
            yield {"path": libraries.display_path(path), "reason": failure.reason, "detail": failure.detail}
        after = page[-1].file_id


def _show_failed(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(found)
    elif not found:
        click.echo("no file failed")
    else:
        rows = [(each["reason"], each["path"], each["detail"] or "") for each in found]
        print_table(("reason", "file", "detail"), rows)
