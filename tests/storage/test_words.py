"""Words: photos are found by their names, folders, captions, keywords, people, places, cameras and albums."""

from __future__ import annotations

import logging
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session
from storage.test_files import Shelf, files_at

from photoindex import collections, documents, photos, sightings, tokens, word_search, words
from photoindex.database import Database, open_database
from photoindex.models import File, Library, Photo
from photoindex.photos import Details, PlaceNames
from photoindex.resources import resource_folder
from photoindex.sightings import Seen

GRENOBLE = PlaceNames(
    "Grenoble", "Auvergne-Rhône-Alpes", "France", "Grenoble", "Auvergne-Rhône-Alpes", "France", "FR"
)  # fmt: skip
COLOGNE = PlaceNames(
    "Cologne", "North Rhine-Westphalia", "Germany", "Cologne", "Rhénanie-du-Nord-Westphalie", "Allemagne", "DE"
)


class Words(Shelf):
    """Photos that exist in the rows only, and how they are found."""

    def add(self, path: str, place: PlaceNames | None = None, **details: object) -> int:
        """Index a new photo, with what its metadata say."""
        photo_id = self.index(path)
        place_id = photos.remember_place(self.session, len(place.country), place) if place else None
        photos.describe(self.session, photo_id, None, Details(place_id=place_id, **details))  # type: ignore[arg-type]
        return photo_id

    def move(self, path: str, to: str) -> None:
        """The file at `path`, which is not on disk there, is seen at another."""
        row = self.session.query(File).filter_by(library_id=self.library_id, path=path.encode()).one()
        stat = sightings.FileStat(row.size_bytes, row.mtime_ns, row.inode, row.ctime_ns, row.sidecar_ns)
        sightings.record(self.session, self.library_id, [Seen(to.encode(), stat)])

    def find(self, query: str, **options: object) -> list[int]:
        """Photos that have every word, the heaviest first and then the newest."""
        found = words.find(self.session, query, **options)  # type: ignore[arg-type]
        order = np.lexsort((-found.photo_ids, -found.weights))
        return found.photo_ids[order][found.complete[order]].tolist()  # type: ignore[no-any-return]

    def refreshed(self, query: str) -> list[int]:
        words.refresh(self.session)
        return self.find(query)

    def why(self, query: str, photo_id: int) -> list[tuple[str, str]]:
        found = words.why(self.session, query, [photo_id], goes_on=words.find(self.session, query).goes_on)
        return [(reason.field, reason.text) for reason in found.get(photo_id, ())]


@pytest.fixture
def shelf(database: Database, tmp_path: Path) -> Iterator[Words]:
    with database.write() as session:
        yield Words(session, tmp_path / "shelf")


# --- what is found -----------------------------------------------------------------------------------------------


def test_every_kind_of_word_finds_its_photo_and_says_so(shelf: Words) -> None:
    photo_id = shelf.add(
        "2019/Vacances à Nice/IMG_2034.jpg", GRENOBLE, title="Le vieux port", caption="A boat, seen from the quay",
        keywords=["invoice", "summer holidays"], people=["Anne-Marie Dupont"], camera="NIKON D70", lens="AF-S 18-55mm",
    )  # fmt: skip
    other = shelf.add("b.jpg", COLOGNE)
    album = collections.create_album(shelf.session, "Œuvres choisies")
    collections.add_to_album(shelf.session, album.id, [photo_id])
    words.refresh(shelf.session)
    for query, field, value in (
        ("img_2034", "name", "IMG_2034"),
        ("nice", "folder", "Vacances à Nice"),
        ("Vieux PORT", "title", "Le vieux port"),
        ("boats", "caption", "A boat, seen from the quay"),
        ("invoice", "keyword", "invoice"),
        ("holiday", "keyword", "summer holidays"),
        ("dupont", "person", "Anne-Marie Dupont"),
        ("Grenoble", "place", "Grenoble"),
        ("rhone", "place", "Auvergne-Rhône-Alpes"),
        ("nikon d70", "camera", "NIKON D70"),
        ("18-55", "camera", "AF-S 18-55mm"),
        ("oeuvre", "album", "Œuvres choisies"),
    ):
        assert shelf.find(query) == [photo_id], query
        assert (field, value) in shelf.why(query, photo_id), query
    for query, value in (("germany", "Germany"), ("Allemagne", "Allemagne")):
        assert shelf.find(query) == [other]
        assert shelf.why(query, other) == [("place", value)]
    assert set(shelf.find("shelf")) == {photo_id, other}  # the name of the library


@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("IMG_2034", ["IMG_2034", "img 2034", "2034", "img2034", "IMG-2034.JPG", "2034 img"]),
        ("DSC-0071", ["dsc-0071", "0071", "DSC0071", "dsc_0071.jpg"]),
        ("vacances2019", ["vacances", "vacances 2019", "vacances2019", "2019"]),
        ("VacancesEteNice", ["vacances", "été", "nice", "VacancesEteNice", "vacancesetenice"]),
        ("HTMLPage", ["html", "page", "HTMLPage", "htmlpage"]),
        ("L'été à l'Île-d'Yeu", ["ile", "Yeu", "été", "l'ete"]),
        ("Straße in İzmir", ["strasse", "izmir"]),
        ("東京タワーの夜景", ["東京", "タワー", "夜景", "夜", "東京タワー"]),
        ("서울에서", ["서울"]),
        ("ทะเลภูเก็ต", ["ภูเก็ต"]),
        ("हिन्दी शब्द", ["हिन्दी", "शब्द"]),
        ("снимок ёлки", ["елки", "СНИМОК"]),
    ],
)
def test_a_name_is_found_by_its_parts_and_as_a_whole(shelf: Words, name: str, queries: list[str]) -> None:
    photo_id = shelf.add(f"a/{name}.jpg")
    shelf.add("a/other name 1234.jpg")
    words.refresh(shelf.session)
    for query in queries:
        assert shelf.find(query) == [photo_id], query
        assert shelf.why(query, photo_id) == [("name", name)], query


def test_a_phrase_does_not_run_from_one_value_into_the_next(shelf: Words) -> None:
    photo_id = shelf.add("new/york 12/7.jpg", keywords=["IMG", "20"])
    words.refresh(shelf.session)
    assert shelf.find("new york") == [photo_id]
    for query in ("new-york", "12-7", "img_20"):
        assert shelf.find(query) == [], query


def test_the_photo_that_is_named_goes_first_then_what_is_told_then_other_names(shelf: Words) -> None:
    named = shelf.add("a/Dogs.png")
    called = shelf.add("dogs/cat.jpg")
    told = shelf.add("b/1.jpg", keywords=["dog"])
    numbered = shelf.add("b/dog 12.jpg")
    words.refresh(shelf.session)
    assert shelf.find("dog") == [named, told, numbered, called]
    assert shelf.find("dog.jpg") == [named, told, numbered, called]
    assert shelf.find("dog_12") == [numbered]
    found = words.find(shelf.session, "dog_12")
    assert found.weights.tolist() == [word_search.IS_THE_NAME]


def test_one_of_several_words_counts_when_it_is_told_of_the_picture_or_is_the_number_of_a_file(shelf: Words) -> None:
    there = shelf.add("a/1.jpg", GRENOBLE)
    dog_there = shelf.add("a/2.jpg", GRENOBLE, keywords=["dog"])
    named = shelf.add("a/dog at grenoble 3.jpg")
    half_named = shelf.add("dog/4.jpg")
    numbered = shelf.add("a/IMG_77.jpg")
    words.refresh(shelf.session)
    found = words.find(shelf.session, "a photo of the dogs in Grenoble")
    weights = dict(zip(found.photo_ids.tolist(), found.weights.tolist(), strict=True))
    assert list(weights) == [there, dog_there, named]
    assert weights[dog_there] > weights[named] > 0
    assert weights[dog_there] > weights[there] > 0
    assert found.complete.tolist() == [False, True, True]
    assert shelf.why("dogs in Grenoble", half_named) == []
    assert shelf.why("dogs in Grenoble", there) == [("place", "Grenoble")]
    assert words.find(shelf.session, "img_77 red").photo_ids.tolist() == [numbered]
    assert shelf.why("img_77 red", numbered) == [("name", "IMG_77")]


def test_words_that_say_nothing_are_asked_for_only_when_there_are_no_others(shelf: Words) -> None:
    photo_id = shelf.add("the who.jpg")
    shelf.add("the others.jpg")
    words.refresh(shelf.session)
    assert shelf.find("a photo of the who") == [photo_id]
    assert len(shelf.find("the")) == 2
    assert shelf.find("de la") == []


def test_the_last_word_may_go_on_where_no_photo_has_it_as_it_is(shelf: Words) -> None:
    first = shelf.add("a/IMG_2034.jpg", GRENOBLE)
    second = shelf.add("a/IMG_2099.jpg")
    words.refresh(shelf.session)
    for query, ids in (("Gren", [first]), ("img_20", [second, first]), ("IMG_203", [first]), ("gr", []), ("20", [])):
        assert shelf.find(query) == ids, query
        assert words.find(shelf.session, query).goes_on == bool(ids)
    assert shelf.why("Gren", first) == [("place", "Grenoble")]
    third = shelf.add("a/gren.jpg")
    assert shelf.refreshed("Gren") == [third]
    assert not words.find(shelf.session, "Gren").goes_on


def test_among_leaves_out_all_others(shelf: Words) -> None:
    ids = [shelf.add(f"dog {number}.jpg") for number in range(5)]
    words.refresh(shelf.session)
    assert shelf.find("dog", among=np.array(ids[1:3])) == [ids[2], ids[1]]
    assert shelf.find("dog", among=np.empty(0, dtype=np.int64)) == []


def test_of_very_many_photos_the_newest_are_taken_and_common_words_say_nothing_alone(
    shelf: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_search, "MOST", 3)
    monkeypatch.setattr(word_search, "MOST_OF_SOME", 4)
    ids = [shelf.add(f"dog {number}.jpg", keywords=["family"]) for number in range(5)]
    words.refresh(shelf.session)
    assert shelf.find("dog") == ids[:1:-1]
    assert shelf.find("dog", among=np.array(ids[:4])) == ids[3::-1]
    assert len(words.find(shelf.session, "family sunset")) == 0
    monkeypatch.setattr(word_search, "MOST_OF_SOME", 5)
    assert len(words.find(shelf.session, "family sunset")) == 5


def test_a_long_caption_is_shown_around_the_word(shelf: Words) -> None:
    caption = " ".join(f"word{number}" for number in range(40)) + " harbour " + "at dusk " * 20
    photo_id = shelf.add("1.jpg", caption=caption.strip())
    words.refresh(shelf.session)
    ((field, snippet),) = shelf.why("harbour", photo_id)
    assert field == "caption"
    assert snippet.startswith("… ")
    assert snippet.endswith(" …")
    assert "harbour at dusk" in snippet
    assert len(snippet) <= word_search.LONGEST_TEXT + 4


ODD = st.one_of(
    st.text(max_size=40),
    st.text(alphabet='ab"*():^+-{}\\\x00 \ue000.', max_size=20),
    st.sampled_from(
        ["NEAR(a b)", "name:a", "a AND", "a OR b NOT c", '"', "{name} : a", "^a", "a*", "-", "..", "\ud800"]
    ),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=ODD)
def test_whatever_people_type_is_no_error(shelf: Words, query: str) -> None:
    if not words.any_stale(shelf.session) and not shelf.find("apple"):
        shelf.add("apple and OR near.jpg", keywords=["name"])
        words.refresh(shelf.session)
    found = words.find(shelf.session, query)
    assert len(found) <= 1
    reasons = words.why(shelf.session, query, [1, 2, 3], goes_on=found.goes_on)
    assert set(reasons) == set(found.photo_ids.tolist())


PIECES = ["red", "Rêd", "car", "cars", "IMG", "12", "7", "_", "-", " ", " ", ".", "x1", "GoPro", "京", "都"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_table_finds_what_reading_every_photo_finds(shelf: Words, data: st.DataObject) -> None:
    some = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join)
    if not shelf.find("anchor"):
        chooser = random.Random(1)
        for number in range(40):
            name, *keywords = ("".join(chooser.choices(PIECES, k=chooser.randint(1, 5))) for _ in range(3))
            shelf.add(f"anchor/{number:02} {name}.jpg", keywords=keywords)
        words.refresh(shelf.session)
    asked = tokens.wanted(query := data.draw(some))
    every = documents.read(shelf.session, range(1, 41))
    expected = {
        each.photo_id
        for each in every
        if asked and all(any(tokens.has(v, word) for of in each.values.values() for v in of) for word in asked.words)
    }
    found = words.find(shelf.session, query)
    if found.goes_on:
        assert not expected
    else:
        assert set(found.photo_ids[found.complete].tolist()) == expected
    assert (np.diff(found.photo_ids) > 0).all()
    assert ((found.weights > 0) & (found.weights < 1)).all()
    reasons = words.why(shelf.session, query, range(1, 41), goes_on=found.goes_on)
    assert set(reasons) == set(found.photo_ids.tolist())


# --- in step -----------------------------------------------------------------------------------------------------


def test_a_new_renamed_copied_and_lost_file_is_found_by_what_it_is_called_now(shelf: Words) -> None:
    photo_id = shelf.add("old/first.jpg")
    assert shelf.find("first") == []
    assert shelf.refreshed("first") == [photo_id]
    shelf.move("old/first.jpg", "young/second.jpg")
    assert shelf.refreshed("second") == shelf.find("young") == [photo_id]
    assert shelf.find("first") == shelf.find("old") == []
    shelf.see("copies/third.jpg")
    assert shelf.refreshed("third") == []
    shelf.session.execute(update(File).where(File.path == b"copies/third.jpg").values(photo_id=photo_id))
    assert shelf.refreshed("third") == [photo_id]
    shelf.lose("copies/third.jpg")
    assert shelf.refreshed("third") == []
    assert shelf.find("second") == [photo_id]


def test_a_hidden_photo_is_not_found_even_before_its_words_are_written(shelf: Words) -> None:
    photo_id = shelf.add("a/harbour.jpg")
    assert shelf.refreshed("harbour") == [photo_id]
    figures = shelf.session.query(File).filter_by(photo_id=photo_id).one()
    stat = sightings.FileStat(figures.size_bytes, figures.mtime_ns, figures.inode, figures.ctime_ns)
    shelf.lose("a/harbour.jpg")
    assert shelf.find("harbour") == []
    assert shelf.refreshed("harbour") == []
    sightings.record(shelf.session, shelf.library_id, [Seen(b"a/harbour.jpg", stat)])
    row = files_at(shelf.session, shelf.library_id, "a/harbour.jpg")
    assert row is not None and row.state == "indexed"
    assert shelf.refreshed("harbour") == [photo_id]


def test_a_companion_is_found_by_the_photo_that_shows_it(shelf: Words) -> None:
    shelf.index("a/IMG_5.CR2", "cr2")
    words.refresh(shelf.session)
    still = shelf.add("a/IMG_5.jpg")
    assert shelf.refreshed("IMG_5.CR2") == [still]


def test_albums_places_and_metadata_are_followed(shelf: Words) -> None:
    photo_id = shelf.add("1.jpg", GRENOBLE, keywords=["boat"])
    album = collections.create_album(shelf.session, "Wedding")
    collections.add_to_album(shelf.session, album.id, [photo_id])
    assert shelf.refreshed("wedding") == shelf.find("boat") == [photo_id]
    collections.rename_album(shelf.session, album.id, "Marriage")
    assert (shelf.refreshed("wedding"), shelf.find("marriage")) == ([], [photo_id])
    collections.remove_from_album(shelf.session, album.id, [photo_id])
    assert shelf.refreshed("marriage") == []
    collections.add_to_album(shelf.session, album.id, [photo_id])
    assert shelf.refreshed("marriage") == [photo_id]
    collections.delete_album(shelf.session, album.id)
    assert shelf.refreshed("marriage") == []
    cologne = photos.remember_place(shelf.session, 9, COLOGNE)
    photos.describe(shelf.session, photo_id, None, Details(place_id=cologne, caption="Rain", people=["Zoé"]))
    words.refresh(shelf.session)
    assert [shelf.find(each) for each in ("grenoble", "boat")] == [[], []]
    assert [shelf.find(each) for each in ("cologne", "rain", "zoe")] == [[photo_id]] * 3
    shelf.session.execute(update(Library).values(name="Attic"))
    assert shelf.refreshed("attic") == [photo_id]


def test_nothing_is_marked_when_no_word_changes(shelf: Words) -> None:
    photo_id = shelf.add("1.jpg", keywords=["boat"])
    words.refresh(shelf.session)
    photos.describe(shelf.session, photo_id, None, Details(keywords=["boat"], iso=100))
    collections.set_favourite(shelf.session, photo_id, True)
    shelf.session.execute(update(File).values(state="pending", attempts=2, retry_at=9.0))
    assert not words.any_stale(shelf.session)
    assert words.refresh(shelf.session) == 0


def test_the_words_of_a_library_go_with_it(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        one, two = Words(session, tmp_path / "one"), Words(session, tmp_path / "two")
        both = one.add("harbour 1.jpg")
        only = one.add("harbour 2.jpg")
        two.see("quay.jpg")
        session.execute(update(File).where(File.path == b"quay.jpg").values(photo_id=both, state="indexed"))
        assert one.refreshed("harbour") == [only, both]
        photos.remove_library(session, one.library_id)
        assert one.find("harbour") == [both]  # until it is refreshed
        assert one.refreshed("harbour") == []
        assert one.find("quay") == [both]
        assert session.scalar(text("SELECT count(*) FROM word_index_docsize")) == 1


def test_work_is_bounded_and_the_newest_photos_come_first(shelf: Words) -> None:
    ids = [shelf.add(f"dog {number}.jpg") for number in range(7)]
    assert words.refresh(shelf.session, at_most=3) == 3
    assert shelf.find("dog") == ids[:3:-1]
    assert [words.refresh(shelf.session, at_most=3) for _ in range(3)] == [3, 1, 0]
    assert shelf.find("dog") == ids[::-1]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 5), st.booleans()), min_size=3, max_size=25))
def test_after_whatever_happens_the_table_is_as_made_anew(
    shelf: Words, steps: list[tuple[int, int, bool]]
) -> None:  # fmt: skip
    session = shelf.session
    session.execute(delete(File))
    session.execute(delete(Photo))
    for number, (kind, target, refresh) in enumerate(steps):
        paths = [
            path.decode() for (path,) in session.query(File.path).filter(File.state == "indexed").order_by(File.id)
        ]
        path = paths[target % len(paths)] if paths else ""
        if kind <= 2 or not paths:
            shelf.add(f"{'abc'[target % 3]}/name{number}.jpg", keywords=["kw"] if target % 2 else [])
        elif kind == 3:
            shelf.move(path, f"moved/new{number}.jpg")
        elif kind == 4:
            shelf.lose(path)
        elif kind == 5:
            session.execute(update(Photo).values(caption=f"caption{number}"))
        else:
            session.execute(
                delete(Photo).where(Photo.id == session.query(Photo.id).order_by(Photo.id).limit(1).scalar())
            )
        if refresh:
            words.refresh(session)
        shown = set(session.scalars(text("SELECT id FROM photo WHERE visible")))
        assert {photo_id for query in ("name", "new") for photo_id in shelf.find(query)} <= shown
    while words.refresh(session):
        pass
    queries = ["name", "new", "kw", "moved", *(f"caption{number}" for number in range(len(steps)))]
    kept = [shelf.find(query) for query in queries]
    session.execute(text("DROP TABLE IF EXISTS word_index"))
    words.prepare(session)
    while words.refresh(session):
        pass
    assert [shelf.find(query) for query in queries] == kept
    assert words.check(session)


def test_photos_of_an_older_database_are_all_to_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(resource_folder("migrations"), folder, ignore=shutil.ignore_patterns("__pycache__"))
    for script in (folder / "versions").glob("0*.py"):
        if script.name >= "0004":
            script.unlink()
    path = tmp_path / "photoindex.db"
    old = open_database(path, migrations=folder)
    add = text(  # with the columns that there were
        "INSERT INTO photo (id, content_hash, caption, visible, format, width, height, size_bytes, timeline_at, "
        "indexed_at, kind, favourite, keywords, people) VALUES (:id, :hash, 'harbour', :visible, 'jpeg', 1, 1, 1, "
        "'2020-01-01 00:00:00.000000', '2020-01-01 00:00:00.000000', 'photo', 0, '[]', '[]')"
    )
    with old.write() as session:
        for number in range(1, 5):
            session.execute(add, {"id": number, "hash": number.to_bytes(32), "visible": number != 2})
    old.close()
    database = open_database(path)
    with database.write() as session:
        assert words.any_stale(session)
        assert len(words.find(session, "harbour")) == 0
        assert words.prepare(session) == 0
        assert words.refresh(session) == 3
        assert words.find(session, "harbour").photo_ids.tolist() == [1, 3, 4]
    database.close()


# --- damage ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        "DROP TABLE word_index_data",
        "DROP TABLE word_index_config",
        "DELETE FROM word_index_data WHERE id > 100",
        "UPDATE word_index_data SET block = zeroblob(50) WHERE id > 100",
        "UPDATE word_index_data SET block = zeroblob(9)",
        "DELETE FROM word_index_idx",
        "DELETE FROM word_index_docsize WHERE id = 1",
        "DROP TABLE word_index",
        "DROP TABLE word_index; CREATE VIRTUAL TABLE word_index USING fts5(name)",
        "DROP TABLE word_index; CREATE TABLE word_index (name)",
    ],
)
def test_a_damaged_table_stops_no_search_and_is_made_anew_at_the_start(
    database: Database, tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    with database.write() as session:
        shelf = Words(session, tmp_path / "shelf")
        ids = [shelf.add(f"a/harbour {number}.jpg") for number in range(5)]
        assert shelf.refreshed("harbour") == ids[::-1]
    caplog.set_level(logging.ERROR)
    database._engine.dispose()
    with database.write() as session:
        for statement in damage.split("; "):
            session.execute(text("PRAGMA writable_schema = ON"))  # else SQLite guards the tables of a table
            session.execute(text(statement))
            session.execute(text("PRAGMA writable_schema = OFF"))
    database._engine.dispose()
    with database.read() as session:
        assert set(words.find(session, "harbour").photo_ids.tolist()) <= set(ids)
    with database.write() as session:
        words.prepare(session)
        words.refresh(session)
        assert _found(session) == ids
        assert words.check(session)
        assert words.prepare(session) == 0


def _found(session: Session) -> list[int]:
    return words.find(session, "harbour").photo_ids.tolist()  # type: ignore[no-any-return]


def test_every_block_of_a_large_table_is_checked_only_when_asked_for(
    shelf: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.add("a/harbour.jpg")
    words.refresh(shelf.session)
    checks = []
    monkeypatch.setattr(words, "check", lambda _: checks.append(1) or True)
    monkeypatch.setattr(words, "_CHECKED_BLOCKS", 0)
    words.prepare(shelf.session)
    assert checks == []
    words.prepare(shelf.session, thorough=True)
    assert checks == [1]


def test_photos_that_the_table_lacks_or_has_too_many_are_noticed(shelf: Words) -> None:
    ids = [shelf.add(f"a/harbour {number}.jpg") for number in range(3)]
    words.refresh(shelf.session)
    assert words.prepare(shelf.session) == 0
    shelf.session.execute(text("DELETE FROM word_index WHERE rowid = :id"), {"id": ids[1]})
    shelf.session.execute(text("INSERT INTO word_index (rowid, name) VALUES (999, :name)"), {"name": tokens.EDGE})
    assert words.prepare(shelf.session) == 2
    assert shelf.refreshed("harbour") == ids[::-1]


def test_a_database_without_the_table_has_no_words(database: Database) -> None:
    with database.read() as session:
        assert len(words.find(session, "harbour")) == 0
        assert words.why(session, "harbour", [1]) == {}
