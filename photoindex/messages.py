"""Lines for people that remember what they were made of, so that pages can say them in another language.

`say("no camera contains %(value)s", value=…)` is the English line, and a text like any other: it is printed, stored,
and compared. It also keeps its template, of which the pages' catalogue has the translation. Templates are found in the
source by `scripts/translate`, so they are written out where `say` and `mark` are called.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

_UNSHOWN = frozenset({"Cc", "Cs", "Zl", "Zp"})


class Message(str):
    """An English line with what it was made of. Copies and parts of it are plain texts."""

    __slots__ = ("template", "values")

    template: str
    values: Mapping[str, object]


def say(template: str, **values: object) -> Message:
    """The line that a template with `%(name)s` gives with these values, of which some may be Messages."""
    message = Message(template % values if values else template)
    message.template = template
    message.values = values
    return message


def number(value: int) -> Message:
    """A quantity: `1,234` here, and as each language writes it on a page."""
    message = Message(f"{value:,}")
    message.template = ""
    message.values = {"number": value}
    return message


def mark(text: str) -> str:
    """The text itself: has `scripts/translate` find one that is looked up in the catalogue elsewhere."""
    return text


def some(count: int, one: str, many: str | None = None) -> str:
    """`1 photo`, `1,234 photos`: of `photo`, or of `photo is` and `photos are`. For lines that pages don't show."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def can_be_shown(text: str) -> bool:
    """Whether every character of what somebody wrote can be: those that end a line, say, can't."""
    return not any(unicodedata.category(char) in _UNSHOWN for char in text)


def said(error: BaseException) -> str:
    """What an exception says: the Message it was raised with, else its text."""
    return error.args[0] if error.args and isinstance(error.args[0], Message) else str(error)
