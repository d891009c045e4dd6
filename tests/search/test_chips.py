"""Chips: every part of a query can be shown in two languages and taken away by a link."""

from __future__ import annotations

from datetime import date

from hypothesis import assume, given
from search.test_parsing import TODAY, any_text, some_places

from photoindex.errors import QueryError
from photoindex.search.chips import Chip, chips
from photoindex.search.parsing import MAX_FILTERS, parse
from photoindex.search.query import Filter, Query

PLACES = {"grenoble", "new york", "paris"}


def chips_of(text: str) -> list[Chip]:
    query = parse(text, today=TODAY, known_places=PLACES.__contains__)
    return list(chips(query, today=TODAY, known_places=PLACES.__contains__))


def conditions(query: Query) -> set[tuple[str, tuple[str, ...], bool]]:
    return {(each.name, each.values, each.negated) for each in query.filters}


@given(any_text)
def test_taking_a_chip_away_takes_away_that_part_and_no_other(text: str) -> None:
    query = parse(text, today=TODAY, known_places=some_places)
    assume(len(query.filters) <= MAX_FILTERS)
    shown = chips(query, today=TODAY, known_places=some_places)
    signed = [term for term in query.terms if not term.free]
    assert [chip.kind for chip in shown if chip.kind != "setting"] == (
        ["term"] * len(signed) + ["like"] * len(query.likes) + ["filter"] * len(query.filters)
    )
    for place, chip in enumerate(shown):
        try:
            left = parse(chip.without, today=TODAY, known_places=some_places)
        except QueryError:  # written out in full it can be longer than typed
            assume(False)
        assert left.problems == ()
        place_of_filter = place - len(signed) - len(query.likes)
        kept = [each for index, each in enumerate(query.filters) if chip.kind != "filter" or index != place_of_filter]
        assert conditions(left) == {(each.name, each.values, each.negated) for each in kept}
        assert len([term for term in left.terms if not term.free]) == len(signed) - (chip.kind == "term")
        assert len(left.likes) == len(query.likes) - (chip.kind == "like")


def test_an_implied_filter_takes_its_words_out_of_the_sentence() -> None:
    winter, grenoble = chips_of("snow last winter in Grenoble -people")[1:]
    assert (winter.text, winter.without) == ("last winter", "snow in Grenoble -people")
    assert (grenoble.text, grenoble.without) == ("in Grenoble", "snow last winter -people")
    assert winter.implied and winter.as_words == 'snow "last winter" in Grenoble -people'
    assert (winter.label, grenoble.label_fr) == (
        "Date: 1 December 2025 – 28 February 2026",
        "Lieu\u00a0: Grenoble",
    )


def test_words_that_say_nothing_alone_go_with_the_last_phrase() -> None:
    (chip,) = chips_of("photos taken in 2019")
    assert chip.without == ""


def test_what_would_be_understood_anew_is_quoted() -> None:
    later = chips_of("in Paris 2019 2018")[-1]
    assert (later.text, later.without) == ("2018", 'in Paris "2019"')


def test_of_a_phrase_that_says_two_things_one_can_go() -> None:
    favourite, video = chips_of("my favourite videos of dogs")
    assert (favourite.without, video.without) == ("dogs type:video", "dogs is:favourite")


def test_a_sentence_that_is_understood_otherwise_by_now_is_written_as_filters() -> None:
    query = parse("snow last winter in Grenoble", today=TODAY, known_places=PLACES.__contains__)
    winter, grenoble = chips(query, today=date(2030, 5, 1))
    assert winter.without == "snow place:Grenoble" and winter.as_words is None
    assert grenoble.without == "snow date:2025-12-01..2026-02-28"


def test_each_kind_of_part_has_its_label() -> None:
    said = [
        (chip.label, chip.label_fr, chip.text)
        for chip in chips_of(
            '+2*sea -"red boat" like:12 -2*like:13 -camera:X100|Pixel is:favourite -is:favourite month:7 '
            "after:2019-07 date:..2019-07-01 date:2018.. type:video sort:newest show:strong unique:yes"
        )
    ]
    assert said == [
        ("More: sea ×2", "Plus\u00a0: sea ×2", "+2*sea"),
        ("Less: red boat", "Moins\u00a0: red boat", '-"red boat"'),
        ("Like photo 12", "Comme la photo 12", "like:12"),
        ("Unlike photo 13 ×2", "Pas comme la photo 13 ×2", "-2*like:13"),
        ("Camera: not X100 or Pixel", "Appareil\u00a0: sauf X100 ou Pixel", "-camera:X100|Pixel"),
        ("Favourite", "Favori", "is:favourite"),
        ("Not favourite", "Sauf favori", "-is:favourite"),
        ("Month: July", "Mois\u00a0: juillet", "month:7"),
        ("From: July 2019", "À partir de\u00a0: juillet 2019", "after:2019-07"),
        ("Date: until 1 July 2019", "Date\u00a0: jusqu'à 1er juillet 2019", "date:..2019-07-01"),
        ("Date: from 2018", "Date\u00a0: à partir de 2018", "date:2018.."),
        ("Type: video", "Type\u00a0: vidéo", "type:video"),
        ("Newest first", "Les plus récentes d'abord", "sort:newest"),
        ("Strong matches only", "Correspondances fortes seulement", "show:strong"),
        ("Near-duplicates folded", "Quasi-doublons regroupés", "unique:yes"),
    ]


def test_a_filter_whose_value_makes_no_sense_still_has_a_label() -> None:
    query = Query(filters=(Filter("month", ("99999999999999999999",)), Filter("date", ("2019-13-45", "x..y..z"))))
    assert [chip.label for chip in chips(query)] == ["Month: 99999999999999999999", "Date: 2019-13-45 or x..y..z"]
