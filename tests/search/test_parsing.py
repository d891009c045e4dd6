"""The grammar: text to a query and back, for every form in docs/search.md and for any text at all."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoindex.errors import QueryError
from photoindex.search import catalogue, parsing
from photoindex.search.parsing import parse
from photoindex.search.query import MAX_LENGTH, Filter, Like, Query, Term
from photoindex.search.writing import write

DOCUMENT = (Path(__file__).parents[2] / "docs" / "search.md").read_text("utf-8")
TODAY = date(2026, 11, 24)


def some_places(name: str) -> bool:
    """Many names, long and short, so that any text has places in it."""
    return len(name) % 3 == 0


def comparable(query: Query) -> Query:
    """A query without what may differ between two ways to write it."""
    return replace(query, problems=())


PIECES = [
    "beach", "été", "2019", "juillet", "last", "winter", "hier", "in", "à", "de", "and", "Grenoble", "nice", "not",
    "videos", "of", "my favourites", "between 2015 and 2018", "July 4, 2021", "d'", "l'hiver dernier", "photos",
    "+", "-", "--", "+2*", "-0.5*", "+0*", "1e9*", '"', '""', "“", "”", "«", "»", "|", "||", ":", "camera:", "like:",
    "like:12", "fav:yes", "sort:date", "show:", "unique:yes", "until:", "in:", "camra:x100", "foo:bar", "http://x",
    "C:\\x", "10:30", "iso:>800", "\\", "*", "\u200e", "\u202e", "\0", "\ud800", "e\u0301", "\u0338", "<", ">", "=",
    "🏖", "日本", ",", ".", "…", "'", "’s",
]  # fmt: skip
any_text = st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join),
    st.lists(st.one_of(st.sampled_from([*PIECES, " "]), st.text(max_size=3)), max_size=20).map("".join),
)


@given(any_text)
def test_any_text_is_read_and_written_back_to_the_same_query(text: str) -> None:
    query = parse(text, today=TODAY, known_places=some_places)
    written = write(query)
    again = parse(written, today=TODAY, known_places=some_places)
    assert comparable(again) == comparable(query)
    assert write(again) == written


@given(
    st.builds(
        Query,
        terms=st.lists(
            st.builds(
                Term,
                st.text(string.printable.replace("\r", ""), min_size=1).map(lambda text: " ".join(text.split()) or "x"),
                st.sampled_from([1.0, -1.0, 2.0, 0.5, -0.125, 100.0]),
            ),
            max_size=4,
        ).map(tuple),
        likes=st.lists(st.builds(Like, st.integers(1, 2**63 - 1), st.sampled_from([1.0, -2.5])), max_size=3).map(tuple),
        filters=st.lists(
            st.builds(
                Filter,
                st.sampled_from([e.name for e in catalogue.ENTRIES if e.kind == "filter" and not e.values]),
                st.lists(
                    st.text('ab|"“» :+-*\\é', min_size=1).map(lambda text: " ".join(text.split()) or "x"),
                    min_size=1, max_size=3, unique=True,
                ).map(tuple),
                st.booleans(),
            ),
            max_size=4, unique=True,
        ).map(tuple),
        sort=st.sampled_from(parsing.SORTS),
        show=st.sampled_from(parsing.SHOWS),
        unique=st.booleans(),
    )
)  # fmt: skip
def test_a_query_made_by_a_program_is_read_as_it_was(query: Query) -> None:
    text = write(query)
    if len(text) <= MAX_LENGTH:
        assert parse(text, today=TODAY) == query


def test_the_example_of_the_documentation_is_read_as_it_says() -> None:
    query = parse('plage +2*"coucher de soleil" -personnes camera:"X100|Pixel 7" after:2019 sort:newest')
    assert query.terms == (Term("plage", free=True), Term("coucher de soleil", 2.0), Term("personnes", -1.0))
    assert query.filters == (Filter("camera", ("X100", "Pixel 7")), Filter("after", ("2019",)))
    assert (query.sort, query.problems) == ("newest", ())


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("dog on a beach", [("dog on a beach", 1)]),
        ("beach -people at night", [("beach at night", 1), ("people", -1)]),
        ("well-known e-mail", [("well-known e-mail", 1)]),
        ("cats - dogs + birds", [("cats - dogs + birds", 1)]),
        ("--verbose", [("--verbose", 1)]),
        ("look -> there", [("look -> there", 1)]),
        ('-"red boat" +0,5*sea', [("red boat", -1), ("sea", 0.5)]),
        ("+.5*a -2.25*b", [("a", 0.5), ("b", -2.25)]),
        ("+33612345678", [("33612345678", 1)]),
        ('"camera:x100" "+a"', [("camera:x100 +a", 1)]),
        ("« coucher de soleil » “red sky”", [("coucher de soleil red sky", 1)]),
        ('5" disk "5"" disk"', [('5" disk 5" disk', 1)]),
        ("10:30 C:\\photos https://example.org/a:b re: std::map ::", None),
        ("mailto:ada@example.org :-) a:b", None),
    ],
)
def test_words_and_terms_with_signs_are_told_apart(text: str, terms: list[tuple[str, float]] | None) -> None:
    query = parse(text)
    assert [(term.text, term.weight) for term in query.terms] == (terms or [(text, 1)])
    assert (query.filters, query.problems) == ((), ())


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("camera:x100", "camera:x100"),
        ("Appareil:X100 APRÈS:2019 avant:2020 lieu:Paris dossier:a nom:b note:5 personne:Ada mot-clé:facture",
         "camera:X100 after:2019 before:2020 place:Paris folder:a name:b rating:5 person:Ada keyword:facture"),
        ("-folder:Scans +camera:x", "-folder:Scans camera:x"),
        ('camera:X100|"Pixel 7"', 'camera:X100|"Pixel 7"'),
        ('camera:"X100 | Pixel 7"', 'camera:X100|"Pixel 7"'),
        ('camera:"X100"|Pixel camera:“X100”|Pixel', "camera:X100|Pixel"),
        ('name:"a||b"|c', 'name:"a||b"|c'),
        ("name:a||b", 'name:"a||b"'),
        ("camera:a|a||camera:b", 'camera:a|"a||camera:b"'),
        ("fav:yes", "is:favourite"),
        ("fav:no", "-is:favourite"),
        ("-favori:non", "is:favourite"),
        ("est:favori type:vidéo|Photos has:lieu", "is:favourite type:video|photo has:place"),
        ("until:2019|2020-05", "date:..2019|..2020-05"),
        ("in:Paris", "place:Paris"),
        ("in:2019-07|2018", "date:2019-07|2018"),
        ("from:2019 depuis:2020", "after:2019 after:2020"),
        ("near:48.85,2.35,10km iso:>=800 name:IMG_* f-number:<2.8 duration:>1:30",
         "near:48.85,2.35,10km iso:>=800 name:IMG_* aperture:<2.8 duration:>1:30"),
        ("folder:/2019/é", "folder:/2019/é"),
    ],
)  # fmt: skip
def test_filters_are_read_under_their_names(text: str, filters: str) -> None:
    query = parse(text)
    assert write(query) == filters
    assert (query.terms, query.problems) == ((), ())


def test_values_are_kept_apart() -> None:
    (condition,) = parse('camera:X100|"Pixel 7"|"a||b"|"5"""').filters
    assert condition.values == ("X100", "Pixel 7", "a|b", '5"')


def test_photos_to_look_like_can_be_several_weighted_and_negative() -> None:
    query = parse("+2*like:12|15 -like:13 like:1")
    assert query.likes == (Like(12, 2.0), Like(15, 2.0), Like(13, -1.0), Like(1))
    assert write(query) == "+2*like:12 +2*like:15 -like:13 like:1"


@pytest.mark.parametrize(
    ("text", "part", "said"),
    [
        ("dog camra:x100", "camra:x100", "there is no filter camra; did you mean camera?"),
        ("dog apareil:x100", "apareil:x100", "did you mean appareil?"),
        ("dog foo:bar", "foo:bar", "there is no filter foo; there are after, before,"),
        ('dog -wxyz:"two words"', '-wxyz:"two words"', "there is no filter wxyz"),
        ("dog camera:", "camera:", "camera: needs a value right behind the colon, as in camera:"),
        ("dog like:abc", "like:abc", "like: takes the number of a photo, as in like:12, not abc"),
        ("dog like:0", "like:0", "like: takes the number of a photo"),
        (f"dog like:{2**63}", f"like:{2**63}", "like: takes the number of a photo"),
        ("dog like:١", "like:١", "like: takes the number of a photo"),
        ("dog sort:size", "sort:size", "sort: takes one of relevance, newest, oldest"),
        ("dog -sort:newest", "-sort:newest", "sort: takes one of"),
        ("dog show:few", "show:few", "show: takes one of matches, strong, all"),
        ("dog unique:perhaps", "unique:perhaps", "unique: takes one of yes, no"),
        ("dog fav:perhaps", "fav:perhaps", "fav: takes yes or no, as in fav:yes"),
        ("dog +0*cat", "cat", "a weight of 0 asks for nothing"),
    ],
)
def test_what_makes_no_sense_is_a_problem_and_the_rest_still_counts(text: str, part: str, said: str) -> None:
    query = parse(text)
    (problem,) = query.problems
    assert (problem.part, said in problem.message) == (part, True), problem
    assert "\n" not in problem.message
    assert comparable(query) == Query(terms=(Term("dog", free=True),), sentence="dog")


def test_a_quotation_mark_left_open_quotes_all_behind_it() -> None:
    query = parse('dog "camera:x in 2019')
    assert query.terms == (Term("dog camera:x in 2019", free=True),)
    assert [problem.part for problem in query.problems] == ['"camera:x in 2019']


def test_a_weight_is_bounded_and_a_filter_has_none() -> None:
    query = parse("+1000*dog -999*cat +3*camera:x")
    assert query.terms == (Term("dog", 100.0), Term("cat", -100.0))
    assert query.filters == (Filter("camera", ("x",)),)
    assert [problem.part for problem in query.problems] == ["dog", "cat", "+3*camera:x"]
    assert "a filter has no weight; write camera:x" in query.problems[2].message


def test_settings_are_no_filters_and_the_last_one_counts() -> None:
    query = parse("sort:date show:all unique:oui SORT:Oldest show:strong")
    assert (query.sort, query.show, query.unique) == ("oldest", "strong", True)
    assert query.filters == () and query.is_empty
    assert write(query) == "sort:oldest show:strong unique:yes"
    assert parse("unique:yes unique:no").unique is False


def test_numbers_of_parts_are_bounded() -> None:
    many = parse(" ".join(f"+a{number}" for number in range(40)))
    assert len(many.terms) == parsing.MAX_TERMS
    assert many.problems[0].message == "only the first 16 terms with + or - count"
    many = parse(" ".join(f"id:{number}" for number in range(60)))
    assert len(many.filters) == parsing.MAX_FILTERS
    many = parse("like:" + "|".join(map(str, range(1, 100))))
    assert len(many.likes) == parsing.MAX_LIKES and len(many.problems) == 1
    assert len(parse("aa:b " * 90).problems) == parsing.MAX_PROBLEMS


def test_only_a_text_that_is_too_long_is_refused() -> None:
    parse("x" * MAX_LENGTH)
    with pytest.raises(QueryError, match="513 characters long"):
        parse("x" * (MAX_LENGTH + 1))
    with pytest.raises(QueryError, match="when written out"):
        parse("fav:yes " * 1 + "x" * (MAX_LENGTH - 8))


def test_problems_of_one_query_are_found_quickly_however_many() -> None:
    names = [f"{a}{b}zq" for a in string.ascii_lowercase for b in string.ascii_lowercase]
    query = parse(" ".join(f"{name}:x" for name in names)[:MAX_LENGTH])
    assert len(query.problems) == parsing.MAX_PROBLEMS


def test_every_name_has_its_own_entry_and_reads_its_own_example() -> None:
    names = [name for entry in catalogue.ENTRIES for name in (entry.name, *entry.aliases)]
    assert len({*names}) == len(names) and all(catalogue.fold(name) == name for name in names)
    for entry in catalogue.ENTRIES:
        query = parse(entry.example)
        assert query.problems == () and query.terms == ()
        assert write(query) in (entry.example, 'camera:X100|"Pixel 7"', "like:12")
        for alias in entry.aliases:
            assert not parse(f"{alias}:12" if entry.kind == "like" else f"{alias}:yes").terms


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=lambda entry: entry.name)
def test_every_name_is_documented(entry: catalogue.Entry) -> None:
    example = entry.example.replace("|", "\\|")
    aliases = ", ".join(f"`{alias}:`" for alias in entry.aliases)
    assert f"| `{entry.name}:` | {entry.meaning} | `{example}` | {aliases} |" in DOCUMENT


def test_an_uploaded_picture_is_named_by_its_key() -> None:
    key = "0123456789abcdef" * 2
    query = parse(f"boats +2*like:{key}")
    assert query.likes == (Like(0, 2.0, picture=key),)
    assert parse(write(query)) == query
    assert not query.problems
