"""Who may import whom, and other rules that hold for the whole tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "photoindex"
MODULES = sorted(PACKAGE.rglob("*.py"))

STORAGE = {"photos", "files", "embeddings", "libraries", "database", "status", "saved_searches", "concepts", "spaces",
           "reckoning", "neighbours", "snapshots", "words", "word_search", "documents", "derived", "query_cache",
           "likeness", "fingerprints", "duplicates", "colours", "timeline", "folders", "places", "gear", "chosen",
           "glances", "ignoring", "disk", "sizes", "connections", "wal", "migrating", "backups", "room",
           "vector_tables", "pausing"}  # fmt: skip
PIXELS_AND_WEB = {"PIL", "torch", "transformers", "flask", "pillow_heif"}

FORBIDDEN: dict[str, set[str]] = {
    "errors": {"photoindex"},
    "layout": {"photoindex"},
    "models": {"photoindex"},
    "tokens": {"photoindex", "sqlalchemy"},
    "media": {"sqlalchemy", "flask", "photoindex.encoders", "photoindex.daemon", "photoindex.web", "photoindex.search",
              *(f"photoindex.{name}" for name in (*STORAGE, "models", "config"))},
    "encoders": {"sqlalchemy", "flask", "photoindex.media", "photoindex.daemon", "photoindex.web", "photoindex.search",
                 *(f"photoindex.{name}" for name in (*STORAGE, "models", "config"))},
    **{name: {*PIXELS_AND_WEB, "photoindex.media", "photoindex.encoders", "photoindex.web", "photoindex.daemon",
              "photoindex.search"} for name in STORAGE},
    "isolation": {"sqlalchemy", "flask", "torch", "photoindex.encoders", "photoindex.daemon", "photoindex.web",
                  "photoindex.search", *(f"photoindex.{name}" for name in (*STORAGE, "models", "config"))},
    "search": {"flask", "photoindex.daemon", "photoindex.web", "photoindex.media", "photoindex.config", "torch"},
    "daemon": {"flask", "photoindex.web", "photoindex.cli", "photoindex.search"},
    "doctor": {"flask", "photoindex.web", "photoindex.daemon", "photoindex.cli", "photoindex.config"},
    "web": {"photoindex.daemon", "photoindex.cli", "watchdog"},
}  # fmt: skip
"""For a module or package of ours: what it must not import, directly."""

ONLY_IN = {
    "faiss": "photoindex/snapshots/codes.py",
    "rawpy": "photoindex/media/raw.py",
    "av": "photoindex/media",
    "torch": "photoindex/encoders",
    "transformers": "photoindex/encoders",
    "huggingface_hub": "photoindex/encoders",
    "watchdog": "photoindex/daemon/watcher.py",
    "gunicorn": "photoindex/web/server.py",
    "threadpoolctl": "photoindex/threads.py",
    "sqlite_vec": "photoindex/connections.py",
    "pysqlite3": "photoindex/connections.py",
    "PIL": ("photoindex/media", "photoindex/encoders", "photoindex/isolation"),
}
"""Where alone a heavy or special package may be imported."""


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def imports(path: Path) -> tuple[tuple[str, bool], ...]:
    """Every module that a file imports, and whether it does when it is itself imported (not inside a function)."""
    return tuple(_imports(parse(path), path))


def _imports(tree: ast.Module, path: Path) -> Iterator[tuple[str, bool]]:
    late = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or _is_type_checking(node)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node not in late
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            for alias in node.names:  # `from photoindex import x` imports photoindex.x
                whole = f"{node.module}.{alias.name}"
                yield (whole if node.module == "photoindex" else node.module or ""), node not in late


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def _part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_imports_what_is_not_theirs(path: Path) -> None:
    part = _part(path)
    for module, _ in imports(path):
        for forbidden in FORBIDDEN.get(part, ()):
            own = _within(module, f"photoindex.{part}")
            assert own or not _within(module, forbidden), f"{path.relative_to(ROOT)} must not import {module}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_packages_are_imported_in_one_place(path: Path) -> None:
    for module, _ in imports(path):
        allowed = ONLY_IN.get(module.split(".")[0])
        if allowed is not None:
            places = (allowed,) if isinstance(allowed, str) else allowed
            assert str(path.relative_to(ROOT)).startswith(places), f"{path.relative_to(ROOT)} imports {module}"


def test_settings_stop_at_the_edges() -> None:
    """Inner modules take plain values; whoever reads Settings wires something together."""
    allowed = {"cli", "web", "api.py", "daemon/service.py", "daemon/choosing.py", "daemon/following.py", "config.py"}
    for path in MODULES:
        if any(module == "photoindex.config" for module, _ in imports(path)):
            place = path.relative_to(PACKAGE)
            assert {str(place), place.parts[0]} & allowed, f"{place} reads Settings"


def test_only_the_command_line_prints_or_exits() -> None:
    for path in MODULES:
        if _part(path) in ("cli", "__main__"):
            continue
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("print", "exit", "quit"), f"{path.relative_to(ROOT)}:{node.lineno}"


def test_every_module_says_its_one_job_and_stays_small() -> None:
    for path in MODULES:
        source = path.read_text("utf-8")
        assert ast.get_docstring(parse(path)), f"{path.relative_to(ROOT)} has no docstring"
        assert source.count("\n") <= 400, f"{path.relative_to(ROOT)} has grown; split it"
        assert path.stem not in ("utils", "helpers", "common", "manager"), path


def test_templates_never_switch_escaping_off_or_carry_scripts_and_styles() -> None:
    """`|safe`, inline scripts, styles and handlers would be holes in, or be blocked by, the content security policy."""
    for path in (ROOT / "templates").rglob("*.html"):
        source = path.read_text("utf-8")
        for forbidden in (
            "|safe",
            "| safe",
            "autoescape false",
            "<style",
            " style=",
            " onclick=",
            " onerror=",
            "javascript:",
        ):
            assert forbidden not in source, f"{path.name} has {forbidden!r}"
        assert "<script>" not in source, path.name


def test_no_file_names_the_machine_it_was_written_on() -> None:
    for path in ROOT.rglob("*"):
        if path.suffix in (".py", ".md", ".html", ".toml", ".service", ".js", ".css") and ".venv" not in path.parts:
            text = path.read_text("utf-8", "replace")
            for forbidden in ("/work" + "/", "/opt" + "/pypi", "/opt" + "/wheels"):
                assert forbidden not in text, f"{path.relative_to(ROOT)} names {forbidden}"
