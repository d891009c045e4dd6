"""Filters: what is said when they make no sense, what they cost, and what nobody may do with them."""

from __future__ import annotations

import os
import shutil
import time
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from photoindex import sightings
from photoindex.database import Database, open_database
from photoindex.models import Album, File, Folder, Library, Photo, Place
from photoindex.resources import resource_folder
from photoindex.search import filters
from photoindex.search.filters import matching
from photoindex.search.query import Filter
from photoindex.sightings import FileStat, Seen

TODAY = date(2024, 2, 29)
CAMERAS = ("FUJIFILM X100V", "NIKON D70", "Apple iPhone 12", "Canon EOS", "LG Nexus", "SONY A7", "Pixel 8")


@pytest.fixture
def library(database: Database) -> Database:
    """Fourteen photos: seven cameras, each of them twice; the odd ones are hidden."""
    with database.write() as session:
        session.add(Library(id=1, root=b"/a", name="Photos"))
        session.add(Album(id=1, name="Été"))
        session.add(
            Place(
                id=1, geoname_id=1, city="Grenoble", region="Isère", country="France",
                city_fr="Grenoble", region_fr="Isère", country_fr="France", country_code="FR",
            )
        )  # fmt: skip
        for number in range(1, 15):
            session.add(
                Photo(
                    id=number, content_hash=number.to_bytes(32), format="jpeg", width=4000, height=3000, size_bytes=10,
                    timeline_at=datetime(2010 + number, 1, 1), camera=CAMERAS[(number - 1) // 2], iso=100 * number,
                    keywords=["Beach"] if number == 2 else [], visible=number % 2 == 0,
                    place_id=1 if number == 2 else None,
                )
            )  # fmt: skip
        session.flush()
        _see(session, b"2019/Trip to Corsica/IMG_0002.jpg", 2)
    return database


def _see(session: Session, path: bytes, photo_id: int, inode: int = 1) -> None:
    sightings.record(session, 1, [Seen(path, FileStat(1, 1, inode))])
    session.execute(
        text("UPDATE file SET photo_id = :id, state = 'indexed' WHERE path = :path"), {"id": photo_id, "path": path}
    )


def found(database: Database, *wanted: Filter) -> tuple[list[int], list[tuple[str, str]]]:
    with database.read() as session:
        compiled = filters.compile(session, wanted, today=TODAY)
        ids = filters.photo_ids(session, compiled).tolist()
        assert filters.which(session, compiled, np.arange(20)).nonzero()[0].tolist() == ids
        assert filters.count(session, compiled, 100) == len(ids)
        return ids, [(problem.part, problem.message) for problem in compiled.problems]


ALL = [2, 4, 6, 8, 10, 12, 14]


def test_without_filters_every_visible_photo_is_meant(library: Database) -> None:
    assert found(library) == (ALL, [])
    with library.read() as session:
        assert filters.compile(session, [], today=TODAY) == filters.Compiled(None, None, ())


def test_a_wrong_value_is_told_and_the_others_still_count(library: Database) -> None:
    ids, problems = found(library, Filter("iso", ("high", ">=1200")), Filter("camera", ("sony", "pixel")))
    assert ids == [12, 14]
    assert problems == [("iso:high", "high is no such number; write iso:>=800 or iso:100..400")]


def test_a_filter_without_any_value_that_makes_sense_is_left_out(library: Database) -> None:
    ids, problems = found(library, Filter("iso", ("high",), negated=True), Filter("rating", ()))
    assert ids == ALL
    assert [part for part, _ in problems] == ["-iso:high"]


def test_a_value_that_nothing_matches_selects_nothing_and_says_what_there_is(library: Database) -> None:
    there = "Apple iPhone 12, Canon EOS, FUJIFILM X100V, LG Nexus, NIKON D70…"
    ids, problems = found(library, Filter("camera", ("leica",)))
    assert (ids, problems) == ([], [("camera:leica", f"no camera contains leica; there are: {there}")])
    assert found(library, Filter("camera", ("leica",), negated=True))[0] == ALL
    assert found(library, Filter("camera", ("leica", "d70")))[0] == [4]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("lens", "50mm", "no photo has a lens"),
        ("album", "winter", "no album contains winter; there are: Été"),
        ("library", "phone", "no library is called phone; there are: Photos"),
        ("keyword", "bea", "no keyword contains bea; there are: Beach"),
        ("person", "anna", "no photo has a person"),
        ("format", "png", "no photo has the format png; there are: jpeg"),
        ("place", "lyon", "no photo was taken at lyon; there are photos of: France"),
        ("folder", "corsica", "no folder is called corsica; folder:*corsica* finds: trip to corsica"),
        ("folder", "rome", "no folder is called rome; there are: 2019"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(library: Database, name: str, value: str, message: str) -> None:
    assert found(library, Filter(name, (value,))) == ([], [(f"{name}:{value}", message)])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("colour", "red", f"there is no filter colour; possible are: {', '.join(filters.READERS)}"),
        ("date", "4.7.2019", "4.7.2019 can be read in two ways; write year-month-day: 2019-07-04"),
        ("after", "2019..2020", "after takes one date; for a range write date:2019..2020"),
        ("month", "13..14", None),
        ("month", "smarch", "smarch is no such number; write month:7, month:july, month:juillet or month:6..8"),
        ("month", "0", "0 is no month; write month:7, month:july, month:juillet or month:6..8"),
        ("year", "late", "late is no such number; write year:2019, year:2015..2018 or year:>=2015"),
        ("near", "Grenoble", "Grenoble is no position; write latitude, longitude and distance: near:48.85,2.35,10km"),
        ("near", "91,0", "91,0 is not on Earth: latitudes go from -90 to 90, longitudes from -180 to 180"),
        ("near", "1,0,0km", "1,0,0km asks for no distance; write near:48.85,2.35,10km"),
        ("iso", "400..100", "the range 400..100 ends before it begins; write iso:>=800 or iso:100..400"),
        ("iso", ">100..400", ">100..400 is no such number; write iso:>=800 or iso:100..400"),
        ("iso", "1e3", "1e3 is no such number; write iso:>=800 or iso:100..400"),
        ("iso", "nan", "nan is no such number; write iso:>=800 or iso:100..400"),
        ("iso", "1" + "0" * 400, None),
        ("iso", "", "nothing is no such number; write iso:>=800 or iso:100..400"),
        ("iso", "≠100", None),
        ("size", "5PB", "5PB is no such number; write size:>10MB or size:500kB..2MB"),
        ("type", "gif", "type:gif is not known; possible are: photo, video, raw, motion, live"),
        ("camera", " ", "camera needs a name, or a part of one"),
        ("folder", "/", "folder needs a name; write folder:Corsica, folder:2019/Corsica or folder:*corsica*"),
        ("name", "", "name needs a part of a file's name, or a pattern; write name:IMG_*"),
        ("library", "", "library needs a name or an id; there are: Photos"),
        ("place", ",", 'place needs a name; write place:grenoble, place:"New York" or place:fr'),
    ],
)
def test_what_makes_no_sense_is_left_out_with_a_line_that_says_what_is_possible(
    library: Database, name: str, value: str, message: str | None
) -> None:
    ids, problems = found(library, Filter(name, (value,)))
    assert ids == ALL
    assert len(problems) == 1 and problems[0][0].startswith(f"{name}:")
    assert message is None or problems[0][1] == message


def test_after_begins_with_what_it_names_and_before_ends_in_front_of_it(library: Database) -> None:
    assert found(library, Filter("after", ("2020",)))[0] == [10, 12, 14]
    assert found(library, Filter("before", ("2020",)))[0] == [2, 4, 6, 8]
    assert found(library, Filter("year", ("<2016", "2024")))[0] == [2, 4, 14]


def test_a_number_may_be_written_as_people_do(library: Database) -> None:
    for value in ("1200..", ">=1200", "≥1200", "> 1199", "1200..1400", "=1200..1400"):
        expected = ALL if value.startswith("=") else [12, 14]
        assert found(library, Filter("iso", (value,)))[0] == expected, value
    for value in ("12MP", "12", "11,9..12,1", "12mpx"):
        assert found(library, Filter("megapixels", (value,)))[0] == ALL
    assert found(library, Filter("size", ("<1kB",)))[0] == ALL
    assert found(library, Filter("size", (">0.5GiB",)))[0] == []


def test_too_many_values_and_filters_are_told_and_left_out(library: Database) -> None:
    ids, problems = found(library, Filter("id", tuple(str(number) for number in range(5000))))
    assert ids == ALL
    assert problems == [("id:", "id takes 200 values; the others are left out")]
    ids, problems = found(library, *[Filter("iso", (">=1200",))] * 150)
    assert ids == [12, 14]
    assert problems == [("", "a search takes 100 filters; the others are left out")]
    _, problems = found(library, Filter("name", ("a" * 513, "img")))
    assert problems == [("name:" + "a" * 20 + "…", "a value has at most 512 characters; this one is left out")]


HOSTILE = (
    "%", "_", "*", "?", "**", "'", '"', "'; DROP TABLE photo; --", "') OR 1=1 --", "\0", "a\0b", "\ud800", "[", "[!a]*",
    "\\", "/", "..", "...", "-", "-1", "=", ">", "1..", "..1", ">=..", "1:2:3", "1:99999:59", "1" * 400, "NaN", "inf",
    "1e400", "f/", "0,0,999999km", "-90,180", "90,-180,20000", "0,180,5km", "?" * 500, "*a" * 250, "*" * 512, "\u202e",
    "İ", "ﷺ" * 500, "2019-02-30", "0000-00-00", "9999-12-31", "9999..", "0001", "99999y", "12..1", "٣", "🎉",
)  # fmt: skip


@pytest.mark.parametrize("name", list(filters.READERS))
def test_nothing_that_is_typed_breaks_a_filter(library: Database, name: str) -> None:
    with library.read() as session:
        for value in HOSTILE:
            compiled = filters.compile(session, [Filter(name, (value,))], today=TODAY)
            assert filters.count(session, compiled, 100) <= len(ALL)
    found(library, Filter(name, HOSTILE, negated=True))
    found(library, Filter(name, HOSTILE))
    assert found(library, Filter("\ud800", ("x",)))[1][0][0] == "?:"
    with library.read() as session:
        assert session.scalar(text("SELECT count(*) FROM photo")) == 14


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(list(filters.READERS)),
    values=st.lists(st.text(max_size=20), max_size=3),
    negated=st.booleans(),
)
def test_any_text_is_a_value_or_a_problem(library: Database, name: str, values: list[str], negated: bool) -> None:
    found(library, Filter(name, tuple(values), negated))


@pytest.mark.parametrize("pattern", ["*a" * 100 + "*", "a*" * 100 + "b", "?*" * 100, "*" + "?" * 200 + "b"])
def test_a_pattern_made_to_take_for_ever_takes_no_time(pattern: str) -> None:
    started = time.process_time()
    assert matching.globbing(pattern)("a" * 5000) is (not pattern.endswith("b"))
    assert time.process_time() - started < 1


@given(pattern=st.text("ab*?", max_size=8), name=st.text("ab", max_size=10))
def test_patterns_mean_what_they_mean_elsewhere(pattern: str, name: str) -> None:
    def meant(pattern: str, name: str) -> bool:
        if not pattern:
            return not name
        if pattern[0] == "*":
            return any(meant(pattern[1:], name[start:]) for start in range(len(name) + 1))
        return bool(name) and pattern[0] in ("?", name[0]) and meant(pattern[1:], name[1:])

    assert matching.globbing(pattern)(name) is meant(pattern, name)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(
        st.binary(min_size=1, max_size=6).map(lambda part: part.replace(b"/", b"a").replace(b"\0", b"b")),
        min_size=1,
        max_size=4,
    )
)
def test_the_folder_of_every_file_is_known_whatever_bytes_it_has(library: Database, parts: list[bytes]) -> None:
    path = b"/".join(parts)
    with library.write() as session:
        session.add(File(library_id=1, path=b"x/" + path, size_bytes=1, mtime_ns=1, inode=1))
        session.flush()
        folder = session.query(Folder).join(File, File.folder_id == Folder.id).filter(File.path == b"x/" + path).one()
        assert (folder.library_id, folder.path) == (1, os.path.dirname(b"x/" + path))
        session.rollback()


def test_a_file_that_moves_is_found_where_it_is_now(library: Database) -> None:
    with library.write() as session:
        sightings.record(session, 1, [Seen(b"2020/Rome/New.jpg", FileStat(1, 1, 1))])  # the same inode: it moved
    assert found(library, Filter("folder", ("2020/rome",)))[0] == [2]
    assert found(library, Filter("name", ("new.jpg",)))[0] == [2]
    for name, value in (("folder", "trip*"), ("name", "IMG_0002.jpg")):
        assert found(library, Filter(name, (value,)))[0] == []
    with library.write() as session:
        session.execute(text("UPDATE file SET state = 'missing'"))
    assert found(library, Filter("folder", ("2020/rome",)))[0] == []


def test_files_from_before_there_were_filters_get_their_names_and_folders(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(resource_folder("migrations"), folder, ignore=shutil.ignore_patterns("__pycache__"))
    for script in (folder / "versions").iterdir():
        if script.name >= "0008":
            script.unlink()
    paths = ["Été/À.JPG".encode(), b"caf\xe9/n\xb0/x.jpg", b"top.jpg"]
    old = open_database(tmp_path / "photoindex.db", migrations=folder)
    with old.write() as session:
        session.execute(
            text(
                "INSERT INTO library (id, root, name, state, added_at) VALUES (1, x'2f61', '', 'online', '2020-01-01')"
            )
        )
        session.flush()
        columns = "library_id, path, size_bytes, mtime_ns, inode, ctime_ns, sidecar_ns, stem, state, attempts"
        insert = text(f"INSERT INTO file ({columns}) VALUES (1, :path, 1, 1, 1, 0, 0, x'', 'pending', 0)")
        session.execute(insert, [{"path": path} for path in paths])
    old.close()
    new = open_database(tmp_path / "photoindex.db")
    with new.read() as session:
        rows = session.execute(select(File.path, File.name, Folder.path).join(Folder, Folder.id == File.folder_id))
        assert {row[0]: tuple(row[1:]) for row in rows} == {
            paths[0]: ("a.jpg", "Été".encode()), paths[1]: ("x.jpg", b"caf\xe9/n\xb0"), paths[2]: ("top.jpg", b""),
        }  # fmt: skip
    new.close()


def test_a_library_that_goes_takes_its_folders_along(library: Database) -> None:
    with library.write() as session:
        session.execute(text("DELETE FROM library"))
        assert session.scalar(text("SELECT count(*) FROM folder")) == 0


def _plan(database: Database, *wanted: Filter) -> str:
    """How SQLite finds the photos."""
    with database.read() as session:
        compiled = filters.compile(session, wanted, today=TODAY)
        statements: list[str] = []
        raw = session.connection().connection.driver_connection
        raw.set_trace_callback(statements.append)
        filters.photo_ids(session, compiled)
        raw.set_trace_callback(None)
        return "\n".join(str(row[3]) for row in raw.execute("EXPLAIN QUERY PLAN " + statements[-1]))


@pytest.mark.parametrize(
    ("name", "value", "index"),
    [
        ("date", "2019", "photo_timeline"), ("after", "2019", "photo_timeline"), ("month", "7", "photo_timeline"),
        ("year", "2019", "photo_timeline"), ("date", "2019", "photo_timeline"), ("added", "30d", "photo_indexed"),
        ("camera", "x100", "photo_camera"), ("format", "jpg", "photo_format"),
        ("keyword", "beach", "photo_keywords"),
        ("iso", ">800", "photo_iso"), ("iso", "800", "photo_iso"), ("aperture", "2.8", "photo_f_number"),
        ("focal", "50", "photo_focal_length"), ("rating", ">=4", "photo_rating"),
        ("width", ">4000", "photo_dimensions"),
        ("megapixels", ">12", "photo_dimensions"), ("duration", "<30s", "photo_duration"),
        ("size", ">1MB", "photo_size"),
        ("place", "france", "photo_place"), ("near", "45,5", "photo_position"), ("type", "video", "photo_kind"),
        ("type", "motion", "photo_motion"), ("is", "favourite", "photo_favourite"), ("has", "gps", "photo_position"),
        ("has", "people", "photo_people"), ("has", "title", "photo_captioned"), ("text", "beach", "photo_captioned"),
        ("folder", "2019", "file_folder"), ("name", "IMG_*", "file_name"), ("name", "002", "file_name"),
        ("library", "1", "file_folder"), ("is", "duplicate", "file_photo"), ("type", "live", "file_companion_of"),
    ],
)  # fmt: skip
def test_a_filter_goes_by_an_index_and_never_through_the_whole_table(
    library: Database, name: str, value: str, index: str
) -> None:
    plan = _plan(library, Filter(name, (value,)))
    assert index in plan
    assert "SCAN photo\n" not in plan + "\n" and "SCAN file\n" not in plan + "\n", plan
