"""Texts that others wrote (names of files, titles, people) made safe to stand in a page's own sentences."""

from __future__ import annotations

import re
import unicodedata

from flask import Flask
from markupsafe import Markup, escape

_OVERRIDES = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}
_UNSEEN = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
_COMMAND = re.compile(r"(?<=: )photoindex(?: [a-z0-9._/-]+| --[a-z-]+| [A-Z]+\b)+")


def register(app: Flask) -> None:
    """Give templates these as filters."""
    for function in (plain, name, commands):
        app.add_template_filter(function)


def plain(text: str) -> str:
    """The text without what would reverse or hide the writing around it; for titles and attributes."""
    if text.isprintable():  # nearly always: then there is nothing of that in it
        return str(text)  # not as markup
    return "".join("\ufffd" if char in _OVERRIDES or _is_unseen(char) else char for char in text)


def name(text: str) -> Markup:
    """The same in an element of its own, so that its direction of writing ends with it."""
    return Markup("<bdi>{}</bdi>").format(plain(text))


def commands(text: str) -> Markup:
    """The text with the commands it names, each behind a colon, set as code: that is not broken across lines."""
    text, parts, end = plain(text), [], 0
    for found in _COMMAND.finditer(text):
        parts += [escape(text[end : found.start()]), Markup("<code>{}</code>").format(found[0])]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) in _UNSEEN and char not in "\n\t"
