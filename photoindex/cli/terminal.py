"""What commands print with: the consoles, and texts made safe for a terminal."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

_UNSAFE = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
_OVERRIDES = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}


def printable(text: str) -> str:
    """The text without what a terminal would obey: a file name can hold escape sequences and reversed writing."""
    return "".join("\ufffd" if unicodedata.category(char) in _UNSAFE or char in _OVERRIDES else char for char in text)


def one_line(text: str) -> str:
    """The text on one line, safe to print."""
    return printable(" ".join(text.split()))


def console(*, err: bool = False) -> Console:
    """A console on stdout or stderr as it is now; file names are printed as they are, never as markup."""
    from rich.console import Console  # takes as long to import as a server takes to answer

    return Console(stderr=err, markup=False, highlight=False, emoji=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """JSON for programs and people alike."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(columns: Iterable[str], rows: Iterable[Iterable[object]], right: Iterable[str] = ()) -> None:
    """A table on a terminal; elsewhere one line a row, fields parted by tabs, so that other programs can cut it."""
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in cells:
            click.echo("\t".join(row))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in cells:
        table.add_row(*map(Text, row))
    console().print(table, soft_wrap=False)
