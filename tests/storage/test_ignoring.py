"""Patterns of names that are left out: which make sense, and what they would leave out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import update

from photoindex import files, ignoring, libraries
from photoindex.database import Database
from photoindex.errors import ConfigError
from photoindex.files import FileStat
from photoindex.models import File

PATHS = (
    b"a.jpg",
    b"a.tmp",
    b"trip/b.jpg",
    b"trip/edited/c.jpg",
    b"edited/d.jpg",
    b"caf\xe9/e.jpg",
    b"gone/edited/f.jpg",
)


@pytest.fixture
def known(database: Database, tmp_path: Path) -> Database:
    (tmp_path / "photos").mkdir()
    with database.write() as session:
        library = libraries.add(session, tmp_path / "photos")
        for number, path in enumerate(PATHS):
            files.discover(session, library.id, path, FileStat(1, 1, number + 1), None)
        session.execute(update(File).where(File.path == PATHS[-1]).values(state="missing"))
    return database


@pytest.mark.parametrize(
    ("patterns", "count"),
    [((), 0), (("*.tmp",), 1), (("edited",), 2), (("edited", "*.tmp", "c.*"), 3), (("caf?",), 1), (("Edited",), 0)],
    ids=str,
)
def test_files_are_counted_that_patterns_would_leave_out(
    known: Database, patterns: tuple[str, ...], count: int
) -> None:
    with known.read() as session:
        found = ignoring.would_leave_out(session, patterns)
    assert (found.files, found.of, found.all_of_them) == (count, 6, True)


def test_patterns_are_the_lines_each_once() -> None:
    assert ignoring.check_patterns(["", " *.tmp ", ".*", "*.tmp", "\t"]) == ("*.tmp", ".*")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("2019/edited", "2019/edited has a slash"),
        ("*", "* would leave out everything"),
        ("***", "would leave out everything"),
        ("x" * 256, "longer than any name"),
        ("a\x00b", "can't be shown"),
        ("a\ud800", "can't be shown"),
    ],
)
def test_a_pattern_that_makes_no_sense_is_refused_in_one_line(line: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words.replace("*", r"\*")) as refused:
        ignoring.check_patterns([line])
    assert "\n" not in str(refused.value)


def test_more_patterns_than_anybody_needs_are_refused() -> None:
    with pytest.raises(ConfigError, match="more than 200"):
        ignoring.check_patterns(map(str, range(201)))


def test_names_with_many_stars_are_compared_in_no_time() -> None:
    ignored = ignoring.Ignored(["*a" * 100 + "b"])
    assert not ignored.name(b"a" * 255)
    assert ignoring.Ignored([".*"]).path(os.fsencode("/x"), b"one/.two/three")
