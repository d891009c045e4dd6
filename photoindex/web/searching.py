"""What the page of a search says and links to, beside the photos themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import cast

from babel import Locale
from flask import Flask, url_for
from flask_babel import get_locale, lazy_gettext, ngettext
from flask_babel import gettext as _

from photoindex.photos import PlaceNames
from photoindex.search import Result, ResultPage, writing
from photoindex.search.query import MAX_LENGTH, Query, Sort
from photoindex.web import translating, wording
from photoindex.web.wording import number
from photoindex.words import Why

_HEADINGS = {
    "strong": "",
    "weak": lazy_gettext("Possible matches"),
    "other": lazy_gettext("Everything else, nearest first"),
}
_LABELLED = {
    "name": lazy_gettext("name"),
    "folder": lazy_gettext("folder"),
    "album": lazy_gettext("album"),
    "keyword": lazy_gettext("keyword"),
}
"""Fields that need to be named beside what stands in them."""
_SORTS = (
    ("relevance", lazy_gettext("Best match")),
    ("newest", lazy_gettext("Newest")),
    ("oldest", lazy_gettext("Oldest")),
)


@dataclass(frozen=True)
class ChipLink:
    """A part of the query, and the page without it."""

    label: str
    address: str
    implied: bool


@dataclass(frozen=True)
class Notice:
    """A line about the query; `part` is what it is about."""

    message: str
    part: str = ""


@dataclass(frozen=True)
class Section:
    """Photos that match about as well; the first section needs no heading."""

    heading: str
    results: tuple[Result, ...]


@dataclass(frozen=True)
class SortLink:
    """The same search in another order."""

    label: str
    address: str
    chosen: bool


@dataclass(frozen=True)
class View:
    """A search page."""

    heading: str
    summary: str
    chips: tuple[ChipLink, ...]
    notices: tuple[Notice, ...]
    sections: tuple[Section, ...]
    sorts: tuple[SortLink, ...]
    show_all: str | None
    """The query that shows every photo, where this one does not."""


def register(app: Flask) -> None:
    """Give templates these as filters."""
    app.add_template_filter(reasons)


def view(page: ResultPage) -> View:
    """What stands around the results of a search."""
    asked = page.asked
    ranked = bool(asked.terms or asked.likes)
    return View(
        heading=_heading(page),
        summary=_summary(page, ranked),
        chips=tuple(_chips(page)),
        notices=tuple(_notices(page)),
        sections=tuple(_sections(page)),
        sorts=tuple(_sorts(asked)) if page.total > 1 and ranked else (),
        show_all=written(replace(asked, show="all")) if ranked and asked.show != "all" else None,
    )


def reasons(result: Result) -> tuple[str, ...]:
    """Why a photo was found, each short enough to stand on its picture: `keyword: invoice`, `Grenoble`."""
    return tuple(dict.fromkeys(_reason(each, result.photo.place) for each in result.why))


def _reason(why: Why, place: PlaceNames | None) -> str:
    if why.field == "place" and place is not None:
        return wording.place_part(place, why.text)
    if why.field not in _LABELLED:
        return why.text
    return str(_("%(field)s: %(text)s", field=_LABELLED[why.field], text=why.text))


def _heading(page: ResultPage) -> str:
    free = " ".join(term.text for term in page.asked.terms if term.free)
    if free or page.asked.sentence:
        return free or page.asked.sentence
    return str(_("Photos")) if page.chips else page.query


def _summary(page: ResultPage, ranked: bool) -> str:
    if not page.total:
        return str(_("nothing found"))
    if not ranked:
        return str(
            _("%(photos)s, oldest first", photos=_photos(page.total))
            if page.asked.sort == "oldest"
            else _("%(photos)s, newest first", photos=_photos(page.total))
        )
    if page.asked.show == "all":
        photos = ngettext("%(number)s photo in all", "all %(number)s photos", page.total, number=number(page.total))
        return str(_("%(photos)s, best first", photos=photos) if page.asked.sort == "relevance" else photos)
    weaker = page.total - page.strong
    possible = ngettext("%(number)s possible match", "%(number)s possible matches", weaker, number=number(weaker))
    if not page.strong:
        return str(possible)
    strong = _photos(page.strong)
    return str(_("%(strong)s, and %(possible)s", strong=strong, possible=possible)) if weaker else strong


def _photos(count: int) -> str:
    return str(ngettext("%(number)s photo", "%(number)s photos", count, number=number(count)))


def _chips(page: ResultPage) -> Iterator[ChipLink]:
    for chip in page.chips:
        address = url_for("gallery.search", q=chip.without) if chip.without else url_for("gallery.index")
        yield ChipLink(wording.label(chip), address, chip.implied)


def _notices(page: ResultPage) -> Iterator[Notice]:
    for problem in page.problems:
        yield Notice(translating.translate(problem.message), problem.part)
    if page.language is not None:
        yield Notice(
            _(
                "This looks %(language)s, and the encoder %(encoder)s understands English. For searching in many "
                "languages, switch with: photoindex up --encoder siglip2-base",
                language=_language(page.language),
                encoder=page.encoder,
            )
        )


def _language(name: str) -> str:
    """A language's own name in the language of the page: `French` is `français` in a page in French."""
    locale = get_locale()
    if locale is None or locale.language == "en":
        return name
    codes = {english: code for code, english in Locale("en").languages.items()}
    return str(locale.languages.get(codes.get(name, ""), name))


def _sections(page: ResultPage) -> Iterator[Section]:
    for match, results in groupby(page.results, key=lambda result: result.match):
        yield Section(str(_HEADINGS[match]) if page.strong or match != "weak" else "", tuple(results))


def _sorts(asked: Query) -> Iterator[SortLink]:
    for sort, label in _SORTS:
        query = written(replace(asked, sort=cast(Sort, sort)))
        if query is not None:
            yield SortLink(str(label), url_for("gallery.search", q=query), asked.sort == sort)


def written(query: Query) -> str | None:
    """The text of a query, None when it would be too long to be asked."""
    text = writing.write(query)
    return text if len(text) <= MAX_LENGTH else None
