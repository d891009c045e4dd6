"""Pictures in rows: what a page needs of each photo, and what stands on it: that it is a video, a raw file, a copy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from flask import Flask, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from photoindex import likeness
from photoindex.companions import CompanionFile, companions_of
from photoindex.glances import Pictured
from photoindex.search import Result
from photoindex.web import clips, density, headings, rows, wording
from photoindex.web.colours import colour_class
from photoindex.web.media import PLAYED_BY_BROWSERS, SHOWN_BY_BROWSERS

AT_ONCE = 8
"""So many pictures of a page are asked for before it is known which are in sight."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A short text on a picture, and what it means for those who hear the page."""

    text: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Card:
    """A photo in a row."""

    photo_id: int
    address: str
    thumbnail: str
    description: str
    width: int
    height: int
    classes: str
    """Its place in the row, its shape and its colour; see `rows` and `colours`."""
    badges: tuple[Badge, ...]
    favourite: bool
    clip: str | None
    """What plays when it is pointed at."""
    view: str | None
    """How the viewer shows it: None for its original as a picture, else its `video` or `thumbnail`."""
    label: str | None
    """What stands above it: the date of a day that begins with it."""
    at_once: bool
    """Whether it is likely in sight."""


Badges = Mapping[int, tuple[Badge, ...]]


def register(app: Flask) -> None:
    """Give templates these as filters."""
    for function in (pictured, found):
        app.add_template_filter(function)
    app.add_template_global(thumbnail)


def thumbnail(photo_id: int) -> str:
    """The address of a photo's thumbnail."""
    return _thumbnails(request.script_root).of(photo_id)


@lru_cache(maxsize=16)
def _thumbnails(_root: str) -> _Address:
    return _Address("media.thumbnail")


def pictured(photos: Sequence[Pictured], badges: Badges) -> list[Card]:
    """Photos as rows of their own."""
    return of(photos, badges, places(photos))


def found(results: Sequence[Result], badges: Badges) -> list[tuple[Card, Result]]:
    """Results as rows of their own."""
    photos = [result.photo for result in results]
    return list(zip(of(photos, badges, places(photos)), results, strict=True))


def places(photos: Sequence[Pictured], *, continues: bool = False) -> tuple[str, ...]:
    """The classes of each in rows of the chosen density; `continues` if more photos follow in the same rows."""
    return rows.places(
        tuple(rows.ratio_step(photo.width, photo.height) for photo in photos), density.current(), continues
    )


def of(
    photos: Sequence[Pictured],
    badges: Badges,
    classes: Sequence[str],
    labels: Sequence[str | None] = (),
    at_once: int = AT_ONCE,
) -> list[Card]:
    """Cards of photos; `labels` for none or for each of them."""
    pages, media, where = _Address("gallery.photo"), _Address("media.thumbnail"), headings.locale()
    return [
        Card(
            photo_id=photo.id,
            address=pages.of(photo.id),
            thumbnail=media.of(photo.id),
            description=wording.described(photo, where),
            width=photo.width,
            height=photo.height,
            classes=f"{place} {colour_class(photo.colour)}",
            badges=badges.get(photo.id, ()),
            favourite=photo.favourite,
            clip=_clip(photo),
            view=_view(photo),
            label=label,
            at_once=number < at_once,
        )
        for number, (photo, place, label) in enumerate(
            zip(photos, classes, labels or [None] * len(photos), strict=True)
        )
    ]


class _Address:
    """Addresses of one route for many photos: building each anew would cost more than all the rest of a card."""

    def __init__(self, endpoint: str) -> None:
        self._before, self._after = url_for(endpoint, photo_id=1).rsplit("1", 1)

    def of(self, photo_id: int) -> str:
        return f"{self._before}{photo_id}{self._after}"


def _view(photo: Pictured) -> str | None:
    if photo.format in SHOWN_BY_BROWSERS:
        return None
    return "video" if photo.format in PLAYED_BY_BROWSERS else "thumbnail"


def _clip(photo: Pictured) -> str | None:
    if photo.kind == "video" and photo.format in PLAYED_BY_BROWSERS:
        return url_for("media.original", photo_id=photo.id)
    if isinstance(clips.of(photo, ()), clips.InnerClip):
        return url_for("media.motion", photo_id=photo.id)
    return None


def badges(session: Session, shown: Iterable[Pictured]) -> dict[int, tuple[Badge, ...]]:
    """The badges of photos, by their ids."""
    shown = tuple(shown)
    ids = [photo.id for photo in shown]
    companions = companions_of(session, ids)
    bursts = likeness.burst_sizes(session, ids)
    return {photo.id: badges_of(photo, companions.get(photo.id, ()), bursts.get(photo.id, 0)) for photo in shown}


def badges_of(photo: Pictured, companions: Sequence[CompanionFile], burst: int = 0) -> tuple[Badge, ...]:
    """The badges of one photo with the files that go with it, in a burst of so many photos."""
    made = []
    if photo.kind == "video":
        made.append(_video(photo.duration_seconds))
    elif photo.kind == "raw":
        made.append(Badge("RAW", _("Raw file")))
    elif any(each.kind == "raw" for each in companions):
        format = photo.format.upper()
        made.append(Badge(f"RAW+{format}", _("%(format)s with its raw file", format=format)))
    clip = clips.of(photo, companions)
    if isinstance(clip, clips.CompanionClip):
        made.append(Badge("Live", _("Live Photo")))
    elif clip is not None:
        made.append(Badge(_("Motion"), _("Motion photo")))
    if burst > 1:
        made.append(Badge(_("Burst"), ngettext("One of a burst of %(num)s", "One of a burst of %(num)s", burst)))
    if photo.copies > 1:
        meaning = ngettext("%(num)s file", "%(num)s files with this content", photo.copies)
        made.append(Badge(f"×{photo.copies}", meaning))
    return tuple(made)


def _video(seconds: float | None) -> Badge:
    if seconds is None:
        return Badge("▶ " + _("Video"), _("Video"))
    length = wording.timecode(seconds)
    return Badge(f"▶ {length}", _("Video, %(length)s", length=length))
