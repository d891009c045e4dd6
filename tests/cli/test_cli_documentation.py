"""docs/cli.md names every command, every option and every exit code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from photoindex.cli import cli
from photoindex.cli.group import EXIT_CODES

DOCUMENT = (Path(__file__).parents[2] / "docs" / "cli.md").read_text("utf-8")


def commands(group: click.Group = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def section(first_word: str) -> str:
    """The part of the document about a command."""
    (found,) = [part for part in DOCUMENT.split("\n## ")[1:] if part.split("\n")[0].split()[0] == first_word]
    return found


@pytest.mark.parametrize(
    ("path", "command"), list(commands()), ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_every_command_and_option_is_documented(path: tuple[str, ...], command: click.Command) -> None:
    text = section(path[0])
    assert path[-1] in text
    assert command.help
    options = [each for each in command.params if isinstance(each, click.Option) and not each.hidden]
    for option in options:
        assert any(name in text for name in option.opts), option.opts
        assert option.help


def test_every_exit_code_is_documented() -> None:
    table = section("Exit")
    for line in EXIT_CODES.splitlines():
        if line.strip()[:1].isdigit():
            assert f"| {line.split()[0]} |" in table


def test_options_of_all_commands_are_documented() -> None:
    for option in ("--debug", "--version", "--help", "--data"):
        assert option in DOCUMENT.split("\n## ")[0]


def test_every_command_takes_a_data_folder() -> None:
    for _, command in commands():
        assert any("--data" in each.opts for each in command.params)
