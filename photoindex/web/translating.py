"""Say in the language of a page what other parts of PhotoIndex say in English: messages, and lines that were stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import Flask
from flask_babel import format_decimal, get_locale, get_translations, gettext

from photoindex.errors import PhotoIndexError
from photoindex.messages import Message, said

_PLACE = re.compile(r"%\(([a-z_0-9]+)\)s")
_LEAST_LETTERS = 12
"""A template with fewer letters of its own would fit almost any line."""
_DEEPEST = 3
"""A stored line may have others within it: a notice its reason, a reason its advice."""


def register(app: Flask) -> None:
    """Give templates `translated` and `stored` as filters."""
    app.add_template_filter(translate, "translated")
    app.add_template_filter(recall, "stored")


def translate(text: str) -> str:
    """A Message in the language of the page. Any other text, such as somebody's file name, is itself."""
    if not isinstance(text, Message):
        return text
    if not text.template:
        return str(format_decimal(text.values["number"]))
    values = {name: translate(value) if isinstance(value, str) else value for name, value in text.values.items()}
    return str(gettext(text.template, **values))


def of_error(error: PhotoIndexError) -> str:
    """What one of our exceptions says, in the language of the page."""
    return translate(said(error))


def recall(text: str) -> str:
    """A line of ours that was stored, in the language of the page: found again by the template that it fits."""
    catalogue: Mapping[Any, str] = getattr(get_translations(), "_catalog", {})
    if not catalogue:
        return text
    return _recall(text, str(get_locale()), _DEEPEST)


@lru_cache(maxsize=256)
def _recall(text: str, language: str, depth: int) -> str:
    catalogue: Mapping[Any, str] = get_translations()._catalog
    known = catalogue.get(text)
    if known or not depth:
        return known or text
    for pattern, template in _patterns(language):
        found = pattern.fullmatch(text)
        if found is not None:
            values = {name: _recall(value, language, depth - 1) for name, value in found.groupdict().items()}
            return catalogue[template] % values
    return text


@lru_cache(maxsize=8)
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """The templates of a language's catalogue as patterns, those that say most first."""
    catalogue: Mapping[Any, str] = get_translations()._catalog
    templates = [each for each in catalogue if isinstance(each, str) and _PLACE.search(each)]
    weighed = sorted(((len(_PLACE.sub("", each)), each) for each in templates), reverse=True)
    return tuple((_pattern(each), each) for letters, each in weighed if letters >= _LEAST_LETTERS)


def _pattern(template: str) -> re.Pattern[str]:
    parts, end, seen = [], 0, set[str]()
    for place in _PLACE.finditer(template):
        parts.append(re.escape(template[end : place.start()].replace("%%", "%")))
        parts.append(f"(?P={place[1]})" if place[1] in seen else f"(?P<{place[1]}>.+?)")
        seen.add(place[1])
        end = place.end()
    parts.append(re.escape(template[end:].replace("%%", "%")))
    return re.compile("".join(parts), re.DOTALL)
