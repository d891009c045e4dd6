"""Dates, places and kinds said in a query's free words, in English and French; and words that say none."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoindex.search import moments, spans
from photoindex.search.parsing import parse
from photoindex.search.query import Filter
from photoindex.search.sentences import MAX_PHRASES, place_key
from photoindex.search.writing import write_filter

TODAY = date(2026, 11, 24)  # a Tuesday
PLACES = {
    place_key(name)
    for name in (
        "Grenoble", "New York", "Saint-Étienne", "Nice", "Split", "Orange", "Bath", "Reading", "Tours", "Nancy",
        "Charlotte", "Paris", "Lyon", "France", "Le Havre", "Les Sables", "Corsica", "Annecy", "L'Alpe d'Huez", "Mer",
        "Île-de-France", "Netherlands", "La Rochelle", "York", "In", "Coeur d'Alene",
        "Le Port", "Mountain Lake", "Riz", "Spaghetti", "Un", "Gap",
    )
}  # fmt: skip
ENGLISH = "January February March April May June July August September October November December".split()  # noqa: SIM905
FRENCH = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()  # noqa: SIM905


def said(text: str, today: date = TODAY) -> str:
    """What is left of a sentence, and its filters: `snow | date:2019`."""
    query = parse(text, today=today, known_places=PLACES.__contains__)
    assert all(each.implied_by for each in query.filters)
    return " | ".join([*(term.text for term in query.terms), *(write_filter(each) for each in query.filters)])


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("plage en été 2019", "plage | date:2019-06-01..2019-08-31"),
        ("snow last winter in Grenoble", "snow | date:2025-12-01..2026-02-28 | place:Grenoble"),
        ("summer of 2019", "date:2019-06-01..2019-08-31"),
        ("the summer of 2019 at the beach", "at the beach | date:2019-06-01..2019-08-31"),
        ("l'hiver 2019", "date:2019-12-01..2020-02-29"),
        ("hiver 2019-2020", "date:2019-12-01..2020-02-29"),
        ("winter 2019/20", "date:2019-12-01..2020-02-29"),
        ("automne 2018", "date:2018-09-01..2018-11-30"),
        ("leaves in the fall of 2018", "leaves | date:2018-09-01..2018-11-30"),
        ("juillet 2019", "date:2019-07"),
        ("Sept 2019", "date:2019-09"),
        ("au mois d'août 2019", "date:2019-08"),
        ("early july 2019", "date:2019-07"),
        ("July 4th 2021 fireworks", "fireworks | date:2021-07-04"),
        ("fireworks on July 4, 2021, in New York", 'fireworks | date:2021-07-04 | place:"New York"'),
        ("the 4th of July 2021", "date:2021-07-04"),
        ("le 4 juillet 2021", "date:2021-07-04"),
        ("1er mai 2020", "date:2020-05-01"),
        ("2021-07-04 2020-02", "date:2021-07-04 | date:2020-02"),
        ("July 4-10 2021", "date:2021-07-04..2021-07-10"),
        ("du 4 au 10 juillet 2021", "date:2021-07-04..2021-07-10"),
        ("Christmas 2019", "date:2019-12-24..2019-12-26"),
        ("sapin à Noël 2019", "sapin | date:2019-12-24..2019-12-26"),
        ("Pâques 2024", "date:2024-03-29..2024-04-01"),
        ("Easter 2000", "date:2000-04-21..2000-04-24"),
        ("halloween 2020", "date:2020-10-31"),
        ("nouvel an 2020", "date:2019-12-31..2020-01-01"),
        ("New Year's Eve 2020", "date:2020-12-31..2021-01-01"),
        ("dogs in 2018", "dogs | date:2018"),
        ("chiens en 2018 à la plage", "chiens à la plage | date:2018"),
        ("l'année 2018", "date:2018"),
        ("2018", "date:2018"),
        ("beach 2018", "beach | date:2018"),
        ("chien 2019 à Grenoble", "chien | date:2019 | place:Grenoble"),
        ("1990s", "date:1990..1999"),
        ("in the 90s", "date:1990..1999"),
        ("les années 80", "date:1980..1989"),
        ("2015-2018", "date:2015..2018"),
        ("entre 2015 et 2018", "date:2015..2018"),
        ("between 2018 and 2015 in Paris", "date:2015..2018 | place:Paris"),
        ("from 2015 to 2018", "date:2015..2018"),
        ("2015 to 2018", "date:2015..2018"),
        ("de mars à mai 2019", "date:2019-03..2019-05"),
        ("from November to January 2020", "date:2019-11..2020-01"),
        ("between summer 2018 and July 4 2021", "date:2018-06-01..2021-07-04"),
        ("between June and August", "month:6|7|8"),
        ("de novembre à février", "month:11|12|1|2"),
        ("beach before 2010", "beach | before:2010"),
        ("plage avant 2010", "plage | before:2010"),
        ("depuis 2020", "after:2020"),
        ("since last winter", "after:2025-12"),
        ("depuis le 4 juillet 2021", "after:2021-07-04"),
        ("since March", "after:2026-03"),
        ("since December", "after:2025-12"),
        ("jusqu'en 2015", "date:..2015"),
        ("until summer 2015", "date:..2015-08-31"),
        ("in 2018 or 2019", "date:2018|2019"),
        ("in July and August 2019", "date:2019-07|2019-08"),
        ("en juillet et août", "month:7|8"),
        ("in summer and winter", "month:6|7|8|12|1|2"),
        ("in July", "month:7"),
        ("snow january", "snow | month:1"),
        ("plage en mai", "plage | month:5"),
        ("flowers in spring", "flowers | month:3|4|5"),
        ("au printemps avec les enfants", "avec les enfants | month:3|4|5"),
        ("in winter, dogs", "dogs | month:12|1|2"),
        ("marché à Noël", "marché | month:12"),
    ],
)
def test_dates_with_names_are_understood(text: str, understood: str) -> None:
    assert said(text) == understood


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("today", "date:2026-11-24"),
        ("photos d'hier", "date:2026-11-23"),
        ("yesterday's dinner", "dinner | date:2026-11-23"),
        ("last night's party", "party | date:2026-11-23"),
        ("avant-hier", "date:2026-11-22"),
        ("the day before yesterday", "date:2026-11-22"),
        ("last week", "date:2026-11-16..2026-11-22"),
        ("cette semaine", "date:2026-11-23..2026-11-29"),
        ("le week-end dernier", "date:2026-11-21..2026-11-22"),
        ("last Tuesday", "date:2026-11-17"),
        ("lundi dernier", "date:2026-11-23"),
        ("le mois dernier", "date:2026-10"),
        ("depuis l'année dernière", "after:2025"),
        ("in the year 2018", "date:2018"),
        ("this month", "date:2026-11"),
        ("mars dernier", "date:2026-03"),
        ("last December", "date:2025-12"),
        ("l'an dernier", "date:2025"),
        ("cette année", "date:2026"),
        ("juillet de l'année dernière", "date:2025-07"),
        ("l'été dernier", "date:2026-06-01..2026-08-31"),
        ("last fall", "date:2025-09-01..2025-11-30"),
        ("this autumn", "date:2026-09-01..2026-11-30"),
        ("cet hiver", "date:2025-12-01..2026-02-28"),
        ("last Christmas", "date:2025-12-24..2025-12-26"),
        ("two years ago", "date:2024"),
        ("il y a deux ans", "date:2024"),
        ("a month ago", "date:2026-10"),
        ("il y a 3 semaines", "date:2026-11-02..2026-11-08"),
        ("10 days ago", "date:2026-11-14"),
        ("in the last 3 days", "date:2026-11-21..2026-11-24"),
        ("les 3 derniers mois", "date:2026-08-24..2026-11-24"),
        ("ces deux dernières semaines", "date:2026-11-10..2026-11-24"),
    ],
)
def test_dates_relative_to_today_are_understood(text: str, understood: str) -> None:
    assert said(text) == understood


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("dogs in grenoble", "dogs | place:grenoble"),
        ("photos de Grenoble", "place:Grenoble"),
        ("photos de grenoble", "place:grenoble"),
        ("images from paris", "place:paris"),
        ("bateau au Port", 'bateau | place:"Le Port"'),
        ("cabin at Mountain Lake", 'cabin | place:"Mountain Lake"'),
        ("à Gap", "place:Gap"),
        ("Grenoble in the snow", "in the snow | place:Grenoble"),
        ("streets of New York", 'streets | place:"New York"'),
        ("près de saint etienne", 'place:"saint etienne"'),
        ("aux alentours de Grenoble", "place:Grenoble"),
        ("close to Paris", "place:Paris"),
        ("au Havre", 'place:"Le Havre"'),
        ("aux Sables", 'place:"Les Sables"'),
        ("à La Rochelle", 'place:"La Rochelle"'),
        ("windmills in the Netherlands", "windmills | place:Netherlands"),
        ("en Île-de-France", "place:Île-de-France"),
        ("ski à l’Alpe d’Huez", 'ski | place:"l’Alpe d’Huez"'),
        ("lac d'Annecy", "lac | place:Annecy"),
        ("Paris's bridges", "bridges | place:Paris"),
        ("in Grenoble, France", "place:Grenoble | place:France"),
        ("in Paris or lyon", "place:Paris|lyon"),
        ("PARIS 2019", "place:PARIS | date:2019"),
        ("nice weather in Nice", "nice weather | place:Nice"),
        ("plage à nice", "plage | place:nice"),
        ("man reading in Reading", "man reading | place:Reading"),
        ("woman in Orange", "woman | place:Orange"),
        ("market in Bath", "market | place:Bath"),
        ("à Nancy", "place:Nancy"),
    ],
)
def test_places_of_the_library_are_understood(text: str, understood: str) -> None:
    assert said(text) == understood


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("videos of dogs in 2019", "dogs | type:video | date:2019"),
        ("vidéos d'enfants à Nancy", "enfants | type:video | place:Nancy"),
        ("a video from last summer", "type:video | date:2026-06-01..2026-08-31"),
        ("dog videos", "dog | type:video"),
        ("raw files from 2018", "type:raw | date:2018"),
        ("fichiers RAW de chiens", "chiens | type:raw"),
        ("live photos", "type:live"),
        ("my favourites", "is:favourite"),
        ("mes photos favorites de chiens", "chiens | is:favourite"),
        ("my favorite pictures of Grenoble", "is:favourite | place:Grenoble"),
        ("mes vidéos préférées", "is:favourite | type:video"),
    ],
)
def test_kinds_and_favourites_are_understood(text: str, understood: str) -> None:
    assert said(text) == understood


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("dogs not in Paris", "dogs | -place:Paris"),
        ("plage sauf en 2019", "plage | -date:2019"),
        ("beach but not in winter", "beach | -month:12|1|2"),
    ],
)
def test_what_is_excluded_becomes_a_negated_filter(text: str, understood: str) -> None:
    assert said(text) == understood


@pytest.mark.parametrize(
    "text",
    [
        '"summer 2019" "in Grenoble"', "2001 a space odyssey", "a 2019 car", "iso 2000", "year 3000", "in 1600",
        "4th of july fireworks", "14 juillet", "they may swim", "march of the penguins", "rover on mars", "sept nains",
        "woman in summer dress", "summer and winter clothes", "winter", "été", "il a été vu", "Noël", "sapin de Noël",
        "Christmas tree", "this may be", "at night", "the 80s style", "il y a un chien", "last dog",
        "nice beach", "in nice weather", "Nice", "woman in orange", "Orange", "baby in bath", "reading a book",
        "photos of Charlotte", "Charlotte", "paris", "bord de mer", "a nice dog", "Mer", "In the sea",
        "bateau dans le port", "Mountain lake", "salade de riz", "bowl of spaghetti", "cheval dans un champ", "in gap",
        "video game", "film", "my favourite dog", "favourite food", "photo of a dog", "portrait",
    ],
)  # fmt: skip
def test_words_that_say_something_else_stay_words(text: str) -> None:
    assert said(text) == text.replace('"', "")


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("pictures from last summer", "date:2026-06-01..2026-08-31"),
        ("photos taken in 2019", "date:2019"),
        ("photos of dogs taken in 2019", "photos of dogs | date:2019"),
        ("dogs, last winter, in Grenoble.", "dogs | date:2025-12-01..2026-02-28 | place:Grenoble"),
        ("in 2019 with the dog", "with the dog | date:2019"),
        ('in 2019 "of mice"', "of mice | date:2019"),
        ("toutes les photos prises à Paris", "place:Paris"),
        ("dogs in 2019 and cats", "dogs and cats | date:2019"),
    ],
)
def test_what_is_left_reads_naturally(text: str, understood: str) -> None:
    assert said(text) == understood


def test_filters_between_the_words_do_not_part_a_phrase() -> None:
    query = parse("snow last camera:x winter -people", today=TODAY)
    assert [write_filter(each) for each in query.filters] == ["date:2025-12-01..2026-02-28", "camera:x"]
    assert query.sentence == "snow last winter"


def test_an_implied_filter_says_by_which_words() -> None:
    query = parse("snow, (in summer 2019), in  New York!", today=TODAY, known_places=PLACES.__contains__)
    assert query.filters == (
        Filter("date", ("2019-06-01..2019-08-31",), implied_by="in summer 2019"),
        Filter("place", ("New York",), implied_by="in New York"),
    )


def test_a_sentence_says_only_so_much() -> None:
    query = parse("july 2019 " * 20, today=TODAY)
    assert len(query.filters) == MAX_PHRASES and query.terms[0].text.startswith("july 2019 july 2019")


@given(st.integers(1826, 2027), st.integers(1, 12), st.integers(1, 31), st.sampled_from(["en", "fr", "us", "iso"]))
def test_every_day_of_the_calendar_is_understood_in_each_way_to_say_it(
    year: int, month: int, day: int, way: str
) -> None:
    spoken = {
        "en": f"{day} {ENGLISH[month - 1]} {year}",
        "fr": f"le {day} {FRENCH[month - 1]} {year}",
        "us": f"{ENGLISH[month - 1]} {day}, {year}",
        "iso": f"{year}-{month:02}-{day:02}",
    }[way]
    exists = day <= calendar.monthrange(year, month)[1]
    assert (f"date:{year}-{month:02}-{day:02}" in said(f"dog {spoken}")) == exists


@given(st.integers(1826, 2027), st.integers(1, 12))
def test_every_month_is_understood_in_both_languages(year: int, month: int) -> None:
    for names in (ENGLISH, FRENCH):
        assert said(f"dog {names[month - 1]} {year}") == f"dog | date:{year}-{month:02}"


@given(st.dates())
def test_relative_dates_lie_before_today_whenever_that_is(today: date) -> None:
    for phrase in ("last winter", "this summer", "last week", "last Christmas", "2 months ago", "mars dernier", "hier"):
        query = parse(f"dog {phrase}", today=today)
        for condition in query.filters:
            first = condition.values[0].split("..")[0]
            assert date.fromisoformat(first if len(first) == 10 else f"{first}-01") <= today


@given(st.dates(date(1827, 1, 1), date(2200, 1, 1)))
def test_the_last_season_is_over_and_the_next_of_its_kind_is_not(today: date) -> None:
    for season in spans.SEASONS:
        last = spans.latest(lambda year, name=season: spans.season(name, year), today, ended=True)
        assert last.last < today <= spans.season(season, last.first.year + 1).last


@given(st.integers(1583, 4000))
def test_easter_is_a_sunday_in_its_five_weeks(year: int) -> None:
    sunday = spans.holiday("easter", year).last - timedelta(1)
    assert sunday.weekday() == 6
    assert date(year, 3, 22) <= sunday <= date(year, 4, 25)


def test_every_name_of_a_month_season_and_holiday_is_written_as_sentences_are_folded() -> None:
    for name in (*moments.MONTHS, *moments.SEASONS, *moments.HOLIDAYS, *moments.UNITS, *moments.NUMBERS):
        assert " ".join(place_key(word) for word in name.split("-")) == name.replace("-", " ")


def test_place_names_are_asked_for_without_accents_case_and_hyphens() -> None:
    assert place_key("Saint-Étienne") == "saint etienne"
    assert place_key("L’Alpe  d'Huez") == "l'alpe d'huez"


def test_every_example_of_the_documentation_is_understood() -> None:
    document = (Path(__file__).parents[2] / "docs" / "search.md").read_text("utf-8")
    table = document.split("## Sentences")[1].split("\n\n- ")[0]
    examples = re.findall(r"`([^`]+)`", table)
    assert len(examples) > 60
    for example in examples:
        assert parse(example, today=TODAY, known_places=PLACES.__contains__).filters, example
