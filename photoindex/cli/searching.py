"""`photoindex search`: asks the running server, or loads the text encoder here; with no query a prompt."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from photoindex.cli import logs
from photoindex.cli.options import data_option, json_option
from photoindex.cli.running import ask, find_server
from photoindex.cli.terminal import print_json, print_table
from photoindex.config import Settings, load_settings
from photoindex.errors import QueryError

MAX_RESULTS = 200
Picture = tuple[str, bytes]
"""The name of a file, and what is in it."""
Search = Callable[[str, Picture | None], dict[str, Any]]
"""From a query to what the API's /search answers."""


class _SearchCommand(click.Command):
    """Takes what begins with one `-` and is no option of ours as a part of the query: `plage -personnes`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options, words, left = list[str](), list[str](), list(args)
        while left:
            each = left.pop(0)
            if each == "--":
                words += left
                break
            if each in ("-k", "--limit", "--data", "--image"):
                options += [each, *left[:1]]
                del left[:1]
            elif each.startswith("--") or re.fullmatch(r"-k\d+", each):
                options.append(each)
            else:
                words.append(each)
        return super().parse_args(ctx, [*options, "--", *words])


@click.command(cls=_SearchCommand)
@click.argument("query", nargs=-1, metavar="[QUERY]...")
@click.option("-k", "--limit", type=click.IntRange(1, MAX_RESULTS), default=10, help="How many photos (10).")
@click.option(
    "--image", type=click.Path(dir_okay=False, path_type=Path), help="Find photos that look like this picture."
)
@json_option
@data_option
def search(query: tuple[str, ...], limit: int, image: Path | None, as_json: bool, data: str | None) -> None:
    """Find photos by a description, with filters: plage after:2019 -personnes

    Without QUERY: a prompt that takes one after the other.
    """
    settings = load_settings({"data": data})
    url = find_server(settings.data)
    with contextlib.ExitStack() as stack:
        find: Search
        if url is not None:
            server = url
            find = lambda text, picture: ask(server, text, limit, picture=picture)  # noqa: E731
        else:
            find = stack.enter_context(_search_here(settings, limit))
        if query or image is not None:
            _show(_asked(find, " ".join(query), image), as_json)
        else:
            _prompt(find, as_json)


@contextlib.contextmanager
def _search_here(settings: Settings, limit: int) -> Iterator[Search]:
    """Search in this process, with the API's own code: the answer is the same."""
    logs.to_stderr(logging.WARNING, bare=True)
    from photoindex.web import create_app, pictures, schemas
    from photoindex.web.services import EXTENSION, Services

    app = create_app(settings, patience_seconds=None)
    parts: Services = app.extensions[EXTENSION]

    def find(text: str, picture: Picture | None) -> dict[str, Any]:
        if picture is not None:
            text = pictures.query(text, parts.pictures.remember(picture[1], os.fsencode(picture[0])))
        with app.test_request_context():
            return schemas.results(parts.engine.search(text, limit))

    try:
        yield find
    finally:
        parts.close()


def _asked(find: Search, query: str, image: Path | None) -> dict[str, Any]:
    if image is not None:
        try:
            return find(query, (image.name, image.read_bytes()))
        except OSError as error:
            raise QueryError(f"{image} can't be read: {error.strerror}") from error
    if not query.strip():
        raise QueryError('say what to look for, as in: photoindex search "a dog playing outside"')
    return find(query, None)


def _prompt(find: Search, as_json: bool) -> None:
    """Take queries until an empty line, `:q` or the end of the input; what is wrong with one ends only that one."""
    for query in _typed_queries() if _interactive() else _piped_queries():
        try:
            answer = find(query, None)
        except QueryError as error:
            click.echo(f"photoindex: {error}", err=True)
            continue
        if as_json:
            click.echo(json.dumps(answer, ensure_ascii=False))
        else:
            _show(answer, as_json=False)


def _interactive() -> bool:
    return sys.stdin.isatty()


def _typed_queries() -> Iterator[str]:
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - gives `input` arrow keys and history
    click.echo("Describe what to look for; an empty line ends.")
    while True:
        try:
            query = input("> ").strip()
        except EOFError:
            click.echo()
            return
        if query in ("", ":q"):
            return
        yield query


def _piped_queries() -> Iterator[str]:
    for line in sys.stdin:
        query = line.strip()
        if query == ":q":
            return
        if query:
            yield query


def _show(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    for problem in answer["problems"]:
        click.echo(f"photoindex: {problem['part']}: {problem['message']}", err=True)
    if answer["language"] is not None:
        click.echo(
            f"photoindex: this looks {answer['language']}, and the encoder {answer['encoder']} understands English; "
            "for many languages, switch with: photoindex up --encoder siglip2-base",
            err=True,
        )
    if answer["encoder"] is None:
        click.echo("nothing is indexed yet; index photos with: photoindex up DIR")
    elif not answer["results"]:
        click.echo("nothing found; to see the nearest photos all the same, add: show:all")
    else:
        rows = [
            (rank, _match(result), _name(result), result["path"] or "")
            for rank, result in enumerate(answer["results"], start=1)
        ]
        print_table(("", "match", "photo", "path"), rows, right=("", "match"))
        if len(rows) < answer["total"]:
            click.echo(f"{len(rows)} of {answer['total']:,}", err=True)


def _match(result: dict[str, Any]) -> str:
    """The percents; in brackets where it is a weaker match."""
    if result["percent"] is None:
        return ""
    return f"{result['percent']} %" if result["match"] == "strong" else f"({result['percent']} %)"


def _name(result: dict[str, Any]) -> str:
    """The file name, and when in a video that is which was looked for."""
    moment = result.get("moment")
    return f"{result['filename']} at {moment}" if moment else str(result["filename"])
