"""Say the parts of a query as people would, in English and in French."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from photoindex.search import catalogue
from photoindex.search.query import Filter, Like, Query, Term

_MONTHS = (
    ("January", "janvier"), ("February", "février"), ("March", "mars"), ("April", "avril"), ("May", "mai"),
    ("June", "juin"), ("July", "juillet"), ("August", "août"), ("September", "septembre"), ("October", "octobre"),
    ("November", "novembre"), ("December", "décembre"),
)  # fmt: skip
_VALUES_FR = {
    "video": "vidéo", "raw": "brut", "motion": "animée", "favourite": "favori", "duplicate": "en double",
    "landscape": "paysage", "square": "carrée", "gps": "position", "place": "lieu", "people": "personnes",
    "caption": "légende", "keywords": "mots-clés", "rating": "note",
}  # fmt: skip
_SETTINGS = {
    "newest": ("Newest first", "Les plus récentes d'abord"),
    "oldest": ("Oldest first", "Les plus anciennes d'abord"),
    "strong": ("Strong matches only", "Correspondances fortes seulement"),
    "all": ("All photos, however far", "Toutes les photos, même lointaines"),
    "unique": ("Near-duplicates folded", "Quasi-doublons regroupés"),
}
_DATES = ("date", "after", "before", "added")
_DATE = re.compile(r"([0-9]{4})(?:-(0[1-9]|1[0-2])(?:-([0-3][0-9]))?)?")


@dataclass(frozen=True)
class Label:
    """The same in both languages."""

    en: str
    fr: str


def of_filter(condition: Filter) -> Label:
    """`Camera: X100 or Pixel`, `Appareil : X100 ou Pixel`; values as typed, dates and months in words."""
    entry = catalogue.BY_NAME.get(condition.name)
    name = (entry.label, entry.label_fr) if entry else (condition.name, condition.name)
    values = [_value(condition.name, value) for value in condition.values]
    english = " or ".join(value.en for value in values)
    french = " ou ".join(value.fr for value in values)
    refused = ("not ", "sauf ") if condition.negated else ("", "")
    if condition.name == "is":  # "Is: favourite" says nothing more
        return Label((refused[0] + english).capitalize(), (refused[1] + french).capitalize())
    return Label(f"{name[0]}: {refused[0]}{english}", f"{name[1]}\u00a0: {refused[1]}{french}")


def of_term(term: Term) -> Label:
    """`More: sunset ×2`, `Less: people`."""
    times = "" if abs(term.weight) == 1 else f" ×{abs(term.weight):g}"
    if term.weight < 0:
        return Label(f"Less: {term.text}{times}", f"Moins\u00a0: {term.text}{times}")
    return Label(f"More: {term.text}{times}", f"Plus\u00a0: {term.text}{times}")


def of_like(like: Like) -> Label:
    """`Like photo 12`, `Like the picture`."""
    times = "" if abs(like.weight) == 1 else f" ×{abs(like.weight):g}"
    what, what_fr = (
        ("the picture", "l'image") if like.picture else (f"photo {like.photo_id}", f"la photo {like.photo_id}")
    )
    if like.weight < 0:
        return Label(f"Unlike {what}{times}", f"Pas comme {what_fr}{times}")
    return Label(f"Like {what}{times}", f"Comme {what_fr}{times}")


def of_setting(value: str) -> Label:
    """A value of `sort:` or `show:`, or `unique`."""
    return Label(*_SETTINGS[value])


def settings(query: Query) -> Sequence[tuple[str, str]]:
    """The settings of a query that are not the usual ones: field and what `of_setting` takes."""
    changed = (
        ("sort", query.sort, query.sort != "relevance"),
        ("show", query.show, query.show != "matches"),
        ("unique", "unique", query.unique),
    )
    return [(field, value) for field, value, is_changed in changed if is_changed]


def _value(name: str, value: str) -> Label:
    if name in _DATES:
        ends = value.split("..")
        if len(ends) == 2:
            return _range(ends[0], ends[1])
        return _date(value)
    if name == "month" and value.isascii() and value.isdigit() and 1 <= int(value[:3]) <= 12:
        return Label(*_MONTHS[int(value[:3]) - 1])
    if name in ("type", "is", "has"):
        return Label(value, _VALUES_FR.get(value, value))
    return Label(value, value)


def _range(first: str, last: str) -> Label:
    one, other = _date(first), _date(last)
    if not first:
        return Label(f"until {other.en}", f"jusqu'à {other.fr}")
    if not last:
        return Label(f"from {one.en}", f"à partir de {one.fr}")
    return Label(f"{one.en} – {other.en}", f"{one.fr} – {other.fr}")


def _date(value: str) -> Label:
    """`2019-07-04` is `4 July 2019`; what is no such date stays as it is."""
    match = _DATE.fullmatch(value)
    if match is None or match[2] is None:
        return Label(value, value)
    month = _MONTHS[int(match[2]) - 1]
    if match[3] is None:
        return Label(f"{month[0]} {match[1]}", f"{month[1]} {match[1]}")
    day = int(match[3])
    return Label(f"{day} {month[0]} {match[1]}", f"{day if day != 1 else '1er'} {month[1]} {match[1]}")
