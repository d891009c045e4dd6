"""What the page of a search that found nothing offers instead: the same with a part less, or as it was likely meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from flask import url_for
from flask_babel import gettext as _

from photoindex import concepts
from photoindex.errors import PhotoIndexError
from photoindex.search import ResultPage
from photoindex.web import searching, wording
from photoindex.web.names import plain
from photoindex.web.services import services

PARTS_TRIED = 6
WAYS_SHOWN = 4
IDEAS_SHOWN = 6


@dataclass(frozen=True)
class Way:
    """Another search, which finds something."""

    label: str
    address: str
    photos: int | None = None
    """How many it finds; None where that is not counted."""


@dataclass(frozen=True)
class Help:
    """What could be searched for instead."""

    ways: tuple[Way, ...]
    """Like what was asked for."""
    ideas: tuple[Way, ...]
    """What there is in the library."""


def with_nothing_found(page: ResultPage, show_all: str | None) -> Help:
    """For a page without results; `show_all` is the query that shows all photos, those nearest to it first."""
    likely = islice(_ways(_queries(page), {page.query}), WAYS_SHOWN)
    everything = [(str(_("All photos, those nearest to it first")), show_all)] if show_all else []
    return Help((*likely, *_ways(iter(everything), set())), tuple(_ideas()))


def _ways(queries: Iterator[tuple[str, str]], tried: set[str]) -> Iterator[Way]:
    for label, query in queries:
        if query in tried:
            continue
        tried.add(query)
        photos = _count(query)
        if photos:
            yield Way(label, url_for("gallery.search", q=query), photos)


def _queries(page: ResultPage) -> Iterator[tuple[str, str]]:
    """Each with what it is called, the likeliest first."""
    with services().database.read() as session:
        meant = services().suggester.corrected(session, page.asked.sentence)
    query = meant and searching.written(replace(page.asked, sentence=meant))
    if query:
        yield str(_("Did you mean “%(query)s”?", query=query)), query
    for chip in page.chips[:PARTS_TRIED]:
        if chip.implied and chip.as_words:
            yield str(_("With “%(words)s” as words to look for", words=plain(chip.text))), chip.as_words
        if chip.without:
            yield str(_("Without “%(part)s”", part=plain(wording.label(chip)))), chip.without
    if page.asked.sentence and page.chips:
        query = searching.written(replace(page.asked, sentence=""))
        if query:
            yield str(_("Without “%(part)s”", part=plain(page.asked.sentence))), query


def _count(query: str) -> int:
    try:
        return services().engine.search(query, 1).total
    except PhotoIndexError:
        return 0  # what is left makes no sense: nothing to offer


def _ideas() -> Iterator[Way]:
    with services().database.read() as session:
        known = concepts.list_all(session)
    for each in known[:IDEAS_SHOWN]:
        name = each.name_fr if wording.speaks_french() else each.name_en
        yield Way(name, url_for("gallery.search", q=each.query))
