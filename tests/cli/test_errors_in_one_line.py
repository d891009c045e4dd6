"""Every error is one line on stderr and a documented exit code, never a traceback."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
from pathlib import Path

import click
import pytest

from photoindex import errors
from photoindex.cli import cli
from photoindex.cli.group import EXIT_CODES


def assert_one_line(result, code: int, *words: str) -> None:
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("photoindex: ")
    for word in words:
        assert word in lines[0]


def test_missing_folder(invoke, tmp_path: Path) -> None:
    for command in (["library", "add"], ["index"], ["up"]):
        assert_one_line(invoke(*command, tmp_path / "nowhere"), 3, "there is no folder", "nowhere")


def test_file_instead_of_a_folder(invoke, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_text("")
    for command in (["library", "add"], ["index"], ["up"]):
        assert_one_line(invoke(*command, tmp_path / "photo.jpg"), 3, "is a file, not a folder")


def test_of_several_folders_one_that_is_missing_keeps_all_out(invoke, tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    assert_one_line(invoke("library", "add", tmp_path / "good", tmp_path / "nowhere"), 3, "nowhere")
    assert invoke("library", "list", "--json").stdout.strip() == "[]"


def test_library_in_the_data_folder(invoke, tmp_path: Path) -> None:
    (tmp_path / "data" / "thumbnails").mkdir(parents=True)
    for folder in ("data", "data/thumbnails"):
        assert_one_line(invoke("library", "add", tmp_path / folder), 3, "lies in the data folder")


def test_unknown_encoder_ends_up_before_anything_starts(invoke, tmp_path: Path) -> None:
    assert_one_line(invoke("up", tmp_path, "--encoder", "clipp-vit-b-32"), 5, "did you mean clip-vit-b-32")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("port", ["http", "70000", "-1", "80.5"])
def test_wrong_port(invoke, port: str) -> None:
    for command in ("up", "serve"):
        assert_one_line(invoke(command, f"--port={port}"), 2, "port", "65535", port)


def test_busy_port(invoke, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for command in ("up", "serve"):
            assert_one_line(invoke(command, "--port", port), 6, str(port), "--port")


def test_address_that_others_can_reach(invoke) -> None:
    for command in ("up", "serve"):
        assert_one_line(invoke(command, "--host", "0.0.0.0", "--port", "0"), 2, "--insecure-no-auth")


@pytest.mark.parametrize("command", [["status"], ["search", "cat"], ["up"], ["index"], ["daemon"], ["serve"]])
def test_bad_config_file(invoke, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "config.toml").write_text("port = = 3")
    assert_one_line(invoke(*command), 2, "config.toml")


def test_unknown_variable(invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOINDEX_PROT", "8000")
    assert_one_line(invoke("status"), 2, "PHOTOINDEX_PROT", "did you mean port?")


@pytest.mark.parametrize(
    "command", [["status"], ["search", "cat"], ["up", "--port", "0"], ["index"], ["encoder", "list"]]
)
def test_file_that_is_no_database(invoke, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "photoindex.db").write_text("not a database" * 1000)
    assert_one_line(invoke(*command), 4, "photoindex.db")


def test_database_of_a_newer_version(invoke, tmp_path: Path) -> None:
    assert invoke("status").exit_code == 0
    file = tmp_path / "data" / "photoindex.db"
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for command in (["status"], ["up", "--port", "0"]):
        assert_one_line(invoke(*command), 4, "newer PhotoIndex", "upgrade")


def test_data_folder_that_is_a_file(invoke, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert_one_line(invoke("status", "--data", tmp_path / "file"), 2, "is a file")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["frobnicate"], "frobnicate"),
        (["status", "--frobnicate"], "--frobnicate"),
        (["library", "add"], "DIR"),
        (["search", "-k", "many", "cat"], "many"),
        (["search", "-k", "0", "cat"], "0"),
    ],
)
def test_wrong_use_names_the_help(invoke, arguments: list[str], words: str) -> None:
    assert_one_line(invoke(*arguments), 2, words, "--help)")


def test_searching_for_nothing(invoke) -> None:
    assert_one_line(invoke("search", "  "), 2, "say what to look for")


def test_unexpected_error_asks_for_a_report_and_debug_shows_the_traceback(invoke, monkeypatch) -> None:
    @click.command()
    def broken() -> None:
        raise ZeroDivisionError("by\nzero")

    monkeypatch.setitem(cli.commands, "broken", broken)
    assert_one_line(invoke("broken"), 1, "unexpected error: ZeroDivisionError: by zero", "report", "--debug")
    assert "Traceback" in invoke("--debug", "broken").stderr


def test_interruption_says_nothing(invoke, monkeypatch) -> None:
    @click.command()
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(cli.commands, "interrupted", interrupted)
    result = invoke("interrupted")
    assert (result.exit_code, result.output.strip()) == (130, "")


def test_help_documents_the_exit_code_of_every_error() -> None:
    documented = {int(line.split()[0]) for line in EXIT_CODES.splitlines() if line.strip()[:1].isdigit()}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert {kind.exit_code for kind in kinds if issubclass(kind, errors.PhotoIndexError)} < documented


def test_reader_that_goes_away_is_no_error(indexed: Path, run) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody_reads:
        for command in (["status"], ["status", "--json"], ["--help"]):
            extra = [] if command == ["--help"] else ["--data", indexed]
            done = run(*command, *extra, capture_output=False, stdout=nobody_reads, stderr=subprocess.PIPE)
            assert done.stderr == ""
