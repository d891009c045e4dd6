"""How figures are written for people, in the language of the page: sizes, times, exposure, places."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Protocol

import babel.numbers
from babel import Locale
from babel.dates import get_month_names
from flask import Flask
from flask_babel import (
    format_date,
    format_datetime,
    format_decimal,
    format_timedelta,
    get_locale,
    lazy_gettext,
    ngettext,
)
from flask_babel import gettext as _

from photoindex.glances import Pictured
from photoindex.models import utc_now
from photoindex.photos import PhotoInfo, PlaceNames
from photoindex.web import headings, moments, rows
from photoindex.web.names import plain

_STATES = {
    "starting": lazy_gettext("starting"),
    "scanning": lazy_gettext("scanning"),
    "indexing": lazy_gettext("indexing"),
    "paused": lazy_gettext("paused"),
    "idle": lazy_gettext("idle"),
    "stopped": lazy_gettext("stopped"),
    "online": lazy_gettext("online"),
    "offline": lazy_gettext("offline"),
    "removing": lazy_gettext("being removed"),
}


def register(app: Flask) -> None:
    """Give templates these as filters."""
    filters = (
        moment,
        day,
        month,
        size,
        number,
        duration,
        timecode,
        rate,
        speed,
        ago,
        described,
        state,
        shape,
        sentence,
        position,
    )
    for function in filters:
        app.add_template_filter(function)
    app.add_template_filter(moments.parameter)


def moment(at: datetime) -> str:
    """`Tuesday, 5 March 2024, 14:03`"""
    # Translators: a pattern of Unicode (LDML), in which the letters E, d, M, y, H and m stand for parts of a date.
    return str(format_datetime(at, _("EEEE, d MMMM y, HH:mm"), rebase=False))


def day(at: datetime) -> str:
    """`5 March 2024`"""
    return headings.whole_date(at.date())


def month(at: datetime) -> str:
    """`March 2024`"""
    # Translators: a pattern of Unicode (LDML), for headings.
    return str(format_date(at, _("MMMM y"), rebase=False)).capitalize()


def month_alone(number: int) -> str:
    """`March`, of any year, for 3."""
    return str(get_month_names(context="stand-alone", locale=get_locale() or "en")[number]).capitalize()


def number(value: int) -> str:
    """`1,234`"""
    return _decimal(value, None, headings.locale())


def decimal(value: float, digits: int = 1) -> str:
    """`1,234.5`, with so many digits behind the point."""
    return _decimal(value, f"#,##0.{'0' * digits}" if digits else "#,##0", headings.locale())


@lru_cache(maxsize=4096)
def _decimal(value: float, pattern: str | None, where: Locale) -> str:
    """Kept, as a page may write hundreds and writing one takes as long as half a picture."""
    return str(babel.numbers.format_decimal(value, pattern, where))


def size(size_bytes: int) -> str:
    """`3.2 MB`, in powers of 1000 as file managers count."""
    return _size(size_bytes, headings.locale())


@lru_cache(maxsize=4096)
def _size(size_bytes: int, _where: Locale) -> str:
    if size_bytes < 1000:
        return str(ngettext("%(num)s byte", "%(num)s bytes", size_bytes))
    value, unit = size_bytes / 1000, _("%(number)s kB")
    for larger in (_("%(number)s MB"), _("%(number)s GB"), _("%(number)s TB")):
        if value >= 999.5:
            value, unit = value / 1000, larger
    return str(unit.replace("%(number)s", decimal(value, 1 if value < 10 else 0)))


def duration(seconds: float) -> str:
    """`about 4 s`, `about 12 min`, `about 3 h`"""
    if seconds < 90:
        return str(_("about %(number)s s", number=max(1, round(seconds))))
    if seconds < 90 * 60:
        return str(_("about %(number)s min", number=round(seconds / 60)))
    return str(_("about %(number)s h", number=number(round(seconds / 3600))))


def timecode(seconds: float) -> str:
    """A length or a moment of a video: `0:09`, `2:31`, `1:02:03`."""
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def rate(photos_per_second: float) -> str:
    """`45/s`, `12/min` or `less than 1/min`."""
    if photos_per_second >= 0.95:
        return str(_("%(number)s/s", number=f"{photos_per_second:.0f}"))
    per_minute = round(60 * photos_per_second)
    return str(_("%(number)s/min", number=per_minute) if per_minute >= 1 else _("less than 1/min"))


def speed(photos_per_second: float) -> str:
    """`44.8 photos a second`, `12 photos a minute` or `less than one photo a minute`."""
    if photos_per_second >= 0.95:
        return str(_("%(number)s photos a second", number=decimal(photos_per_second)))
    per_minute = round(60 * photos_per_second)
    if per_minute < 1:
        return str(_("less than one photo a minute"))
    return str(ngettext("%(num)s photo a minute", "%(num)s photos a minute", per_minute))


def ago(at: datetime) -> str:
    """`5 minutes ago`, of a time in UTC."""
    return str(format_timedelta(at - utc_now(), add_direction=True))


def exposure(seconds: float) -> str:
    """`1/250 s`, or `2.5 s`"""
    if seconds < 0.3:
        return f"1/{round(1 / seconds)}\u00a0s"
    return f"{format_decimal(round(seconds, 1))}\u00a0s"


def coordinates(latitude: float, longitude: float) -> str:
    """`48.85837° N, 2.29448° E`, each with a space that does not break."""
    north, east = decimal(abs(latitude), 5), decimal(abs(longitude), 5)
    first = _("%(degrees)s° N", degrees=north) if latitude >= 0 else _("%(degrees)s° S", degrees=north)
    second = _("%(degrees)s° E", degrees=east) if longitude >= 0 else _("%(degrees)s° W", degrees=east)
    # The first comma that a language itself writes into a number is no end of one.
    return f"{first}; {second}" if "," in north else f"{first}, {second}"


def position(photo: PhotoInfo) -> str:
    """`48.858370,2.294480`: where a photo with a position was taken, as addresses have it."""
    return f"{photo.latitude:.6f},{photo.longitude:.6f}"


def place(names: PlaceNames) -> str:
    """`Grenoble, Auvergne-Rhône-Alpes, France`"""
    return names.french if speaks_french() else names.english


def place_parts(names: PlaceNames) -> list[str]:
    """The same in parts: those that are known."""
    french = (names.city_fr, names.region_fr, names.country_fr)
    parts = french if speaks_french() else (names.city, names.region, names.country)
    return [part for part in parts if part]


def place_part(names: PlaceNames, part: str) -> str:
    """The town, region or country of that name, in either language, as the page's language calls it."""
    english = (names.city, names.region, names.country)
    french = (names.city_fr, names.region_fr, names.country_fr)
    known, others = (french, english) if speaks_french() else (english, french)
    if part in known:
        return part
    return next((own for own, other in zip(known, others, strict=True) if other == part and own), part)


def sentence(text: str) -> str:
    """The text, beginning with a capital letter."""
    return text[:1].upper() + text[1:]


class Labelled(Protocol):
    """What the grammar calls something."""

    @property
    def label(self) -> str: ...
    @property
    def label_fr(self) -> str: ...


def label(of: Labelled) -> str:
    """What it is called in the language of the page."""
    return of.label_fr if speaks_french() else of.label


def speaks_french() -> bool:
    """Whether the page is in French, in which some names are known beside English."""
    return str(get_locale() or "en").startswith("fr")


def state(name: str) -> str:
    """What the daemon does, or how a library is."""
    return str(_STATES.get(name, name))


def described(photo: Pictured, where: Locale | None = None) -> str:
    """What stands in for the picture where it can't be seen: its name and date, as they are written `where`."""
    return f"{plain(photo.filename)}, {headings.whole_date(photo.timeline_at.date(), where)}"


def shape(photo: Pictured) -> str:
    """The class of the shape of its picture, width over height: `q44` is 3:2."""
    return rows.ratio_class(rows.ratio_step(photo.width, photo.height))
