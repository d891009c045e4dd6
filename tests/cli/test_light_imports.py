"""What must answer at once imports nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import environment

HEAVY = ("torch", "transformers", "flask", "sqlalchemy", "numpy", "PIL", "watchdog", "faiss", "gunicorn")


def modules_after(code: str) -> set[str]:
    """Which heavy packages are imported when the code has run."""
    script = f"import sys\n{code}\nprint(*[name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stderr.split())


def command(*arguments: object) -> str:
    return (
        "from photoindex.cli import cli\n"
        f"try: cli.main({[str(each) for each in arguments]!r})\n"
        "except SystemExit as end: assert not end.code, end.code"
    )


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["up", "--help"], ["search", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    assert modules_after(command(*arguments)) == set()


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert modules_after("import photoindex; photoindex.PhotoIndexError") == set()


@pytest.mark.parametrize("arguments", [["status"], ["status", "--json"], ["library", "list"], ["encoder", "list"]])
def test_looking_at_the_database_imports_no_torch(indexed: Path, arguments: list[str]) -> None:
    assert modules_after(command(*arguments, "--data", indexed)).isdisjoint({"torch", "transformers", "flask"})


def test_loading_the_parts_of_up_imports_no_torch() -> None:
    """The web server forks, and the parent of both stays small."""
    code = "import photoindex.web.server, photoindex.encoders.registry, photoindex.cli.up, photoindex.status"
    assert modules_after(code).isdisjoint({"torch", "transformers"})
