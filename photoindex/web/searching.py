"""What the page of a search says and links to, beside the photos themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import cast

from flask import Flask, url_for

from photoindex.search import Result, ResultPage, writing
from photoindex.search.query import MAX_LENGTH, Query, Sort
from photoindex.web.wording import number
from photoindex.words import Why

_HEADINGS = {"strong": "", "weak": "Possible matches", "other": "Everything else, nearest first"}
_LABELLED = ("name", "folder", "album", "keyword")
"""Fields that need to be named beside what stands in them."""
_SORTS = (("relevance", "Best match"), ("newest", "Newest"), ("oldest", "Oldest"))


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
    app.add_template_filter(reason)


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
        show_all=_written(replace(asked, show="all")) if ranked and asked.show != "all" else None,
    )


def reason(why: Why) -> str:
    """Why a photo was found, short enough to stand on its picture: `keyword: invoice`, `Grenoble`."""
    return f"{why.field}: {why.text}" if why.field in _LABELLED else why.text


def _heading(page: ResultPage) -> str:
    free = " ".join(term.text for term in page.asked.terms if term.free)
    if free or page.asked.sentence:
        return free or page.asked.sentence
    return "Photos" if page.chips else page.query


def _summary(page: ResultPage, ranked: bool) -> str:
    if not page.total:
        return "nothing found"
    photos = f"{number(page.total)} {'photo' if page.total == 1 else 'photos'}"
    if not ranked:
        return f"{photos}, {'oldest' if page.asked.sort == 'oldest' else 'newest'} first"
    if page.asked.show == "all":
        return f"all {photos}, best first" if page.asked.sort == "relevance" else f"all {photos}"
    weaker = page.total - page.strong
    if not page.strong:
        return f"{number(weaker)} possible {'match' if weaker == 1 else 'matches'}"
    strong = f"{number(page.strong)} {'photo' if page.strong == 1 else 'photos'}"
    return f"{strong}, and {number(weaker)} possible {'match' if weaker == 1 else 'matches'}" if weaker else strong


def _chips(page: ResultPage) -> Iterator[ChipLink]:
    for chip in page.chips:
        address = url_for("gallery.search", q=chip.without) if chip.without else url_for("gallery.index")
        yield ChipLink(chip.label, address, chip.implied)


def _notices(page: ResultPage) -> Iterator[Notice]:
    for problem in page.problems:
        yield Notice(problem.message, problem.part)
    if page.language is not None:
        yield Notice(
            f"This looks {page.language}, and the encoder {page.encoder} understands English. For searching in many "
            "languages, switch with: photoindex up --encoder siglip2-base"
        )


def _sections(page: ResultPage) -> Iterator[Section]:
    for match, results in groupby(page.results, key=lambda result: result.match):
        yield Section(_HEADINGS[match] if page.strong or match != "weak" else "", tuple(results))


def _sorts(asked: Query) -> Iterator[SortLink]:
    for sort, label in _SORTS:
        written = _written(replace(asked, sort=cast(Sort, sort)))
        if written is not None:
            yield SortLink(label, url_for("gallery.search", q=written), asked.sort == sort)


def _written(query: Query) -> str | None:
    """The text of a query, None when it would be too long to be asked."""
    text = writing.write(query)
    return text if len(text) <= MAX_LENGTH else None
