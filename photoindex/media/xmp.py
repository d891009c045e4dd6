"""What an XMP packet says (ISO 16684-1), embedded in a file or in a sidecar beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from photoindex.media.fields import Metadata, TakenAtSource
from photoindex.media.moments import iso_moment
from photoindex.media.places import Position, checked_position
from photoindex.media.texts import clean, clean_caption, unique

MAX_XMP_BYTES = 256_000
"""Of an embedded packet; larger ones hold depth maps and the like."""

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_XMP = "{http://ns.adobe.com/xap/1.0/}"
_EXIF = "{http://ns.adobe.com/exif/1.0/}"
_PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
_LIGHTROOM = "{http://ns.adobe.com/lightroom/1.0/}"
_MICROSOFT = "{http://ns.microsoft.com/photo/1.0/}"
_MICROSOFT_REGION = "{http://ns.microsoft.com/photo/1.2/t/Region#}"
_REGIONS = "{http://www.metadataworkinggroup.com/schemas/regions/}"
_IPTC_EXTENSION = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
_DIGIKAM = "{http://www.digikam.org/ns/1.0/}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"

# MWG's guidelines: what tells of the picture comes before what tells of the file that it was scanned into.
_DATES = (_EXIF + "DateTimeOriginal", _PHOTOSHOP + "DateCreated", _XMP + "CreateDate")

# Under which digiKam and Lightroom keep the names of faces, in the languages they run in.
_PEOPLE_ROOTS = frozenset({"people", "personen", "personnes", "persone", "personas", "pessoas", "faces"})

_COORDINATE = re.compile(
    r"(\d{1,3}(?:\.\d{1,12})?)(?:,(\d{1,2}(?:\.\d{1,12})?)(?:,(\d{1,2}(?:\.\d{1,12})?))?)? ?([NSEW])", re.ASCII
)
_DECIMAL = re.compile(r"[+-]?\d{1,3}(?:\.\d{1,17})?", re.ASCII)
_RATIONAL = re.compile(r"(-?\d{1,15}(?:\.\d{1,12})?)(?:/(\d{1,15}))?", re.ASCII)


def read_xmp(packet: bytes, source: TakenAtSource = TakenAtSource.XMP, max_bytes: int = MAX_XMP_BYTES) -> Metadata:
    """Date, position, title, caption, keywords, rating and people of a packet; the date's source is `source`.

    Never raises: what is larger than `max_bytes`, no XML, or XML with entities or a document type says nothing.
    """
    if not packet or len(packet) > max_bytes:
        return Metadata()
    if packet.startswith((b"\xff\xfe", b"\xfe\xff")):
        packet = packet.decode("utf-16", "ignore").encode()
    try:
        root = fromstring(packet.strip(b"\0 \t\r\n"), forbid_dtd=True)
    # An encoding that Python does not know is a LookupError or a ValueError.
    except (SyntaxError, ValueError, LookupError, DefusedXmlException):
        return Metadata()
    return _metadata(root, source)


class _Properties:
    """The properties of all descriptions of a packet, each as an attribute's text or as an element."""

    def __init__(self, root: Element) -> None:
        self._values: dict[str, str | Element] = {}
        for description in root.iter(_RDF + "Description"):
            for name, text in description.attrib.items():
                self._values.setdefault(name, text)
            for child in description:
                self._values.setdefault(child.tag, child)

    def texts(self, name: str) -> list[str]:
        """The items of a list, or the one value."""
        value = self._values.get(name)
        if value is None or isinstance(value, str):
            return [value] if value else []
        items = [item.text or "" for item in value.iter(_RDF + "li")]
        return items or [value.text or ""]

    def text(self, name: str) -> str:
        """The one value; of several languages the default one."""
        value = self._values.get(name)
        if isinstance(value, Element):
            for item in value.iter(_RDF + "li"):
                if item.get(_LANGUAGE) == "x-default":
                    return item.text or ""
        return next(iter(self.texts(name)), "").strip()


def _metadata(root: Element, source: TakenAtSource) -> Metadata:
    properties = _Properties(root)
    moments = [iso_moment(properties.text(name)) for name in _DATES]
    taken_at, offset_minutes = next((pair for pair in moments if pair[0]), (None, None))
    position = _position(properties)
    paths = [_path(text, "/") for text in properties.texts(_DIGIKAM + "TagsList")]
    paths += [_path(text, "|") for text in properties.texts(_LIGHTROOM + "hierarchicalSubject")]
    title = clean_caption(properties.text(_DC + "title"))
    return Metadata(
        taken_at=taken_at,
        taken_at_offset_minutes=offset_minutes,
        taken_at_source=source if taken_at else None,
        latitude=position.latitude,
        longitude=position.longitude,
        altitude_m=position.altitude_m,
        title=clean(title) if title else None,
        caption=clean_caption(properties.text(_DC + "description")),
        keywords=unique(
            [
                *(clean(text) for text in properties.texts(_DC + "subject")),
                # The whole path, so that whoever searches for France finds France > Paris.
                *(clean(part) for path in paths if not _is_person(path) for part in path),
            ]
        ),
        rating=_rating(properties),
        people=unique(
            [
                *(clean(name) for name in _region_names(root)),
                *(clean(text) for text in properties.texts(_IPTC_EXTENSION + "PersonInImage")),
                *(clean(path[-1]) for path in paths if _is_person(path) and len(path) > 1),
            ]
        ),
    )


def _path(text: str, separator: str) -> list[str]:
    return [part.strip() for part in text.split(separator) if part.strip()]


def _is_person(path: list[str]) -> bool:
    return bool(path) and path[0].casefold() in _PEOPLE_ROOTS


def _region_names(root: Element) -> Iterator[str]:
    """Names of faces, as the Metadata Working Group's regions have them, and as Microsoft's."""
    for element in root.iter():
        name = _member(element, _REGIONS + "Name")
        if name and _member(element, _REGIONS + "Type") in ("Face", ""):
            yield name
        yield _member(element, _MICROSOFT_REGION + "PersonDisplayName")


def _member(element: Element, name: str) -> str:
    """A structure's member, which may be an attribute or an element."""
    return element.get(name) or element.findtext(name) or ""


def _rating(properties: _Properties) -> int | None:
    """Stars: XMP's -1 (rejected) to 5, or Microsoft's 1, 25, 50, 75 and 99 of a hundred."""
    stars = _number(properties.text(_XMP + "Rating"))
    if stars is not None and -1 <= stars <= 5:
        return round(stars)
    return stars_of_percent(_number(properties.text(_MICROSOFT + "Rating")))


def stars_of_percent(percent: float | None) -> int | None:
    """0 to 5 stars of Microsoft's rating, which Windows writes as 0, 1, 25, 50, 75 and 99."""
    if percent is None or not 0 <= percent <= 100:
        return None
    return 0 if percent < 1 else 1 + int((percent + 12) // 25) if percent < 99 else 5


def _position(properties: _Properties) -> Position:
    altitude = _number(properties.text(_EXIF + "GPSAltitude"))
    if altitude is not None and properties.text(_EXIF + "GPSAltitudeRef") == "1":
        altitude = -altitude
    return checked_position(
        _degrees(properties.text(_EXIF + "GPSLatitude"), "NS"),
        _degrees(properties.text(_EXIF + "GPSLongitude"), "EW"),
        altitude,
    )


def _degrees(text: str, letters: str) -> float | None:
    """Decimal degrees of `48,51.5N`, `48,51,30N` or, as some phones write it, `48.858333`."""
    if _DECIMAL.fullmatch(text):
        return float(text)
    match = _COORDINATE.fullmatch(text)
    if match is None or match[4] not in letters:
        return None
    degrees, minutes, seconds = (float(part or 0) for part in match.groups()[:3])
    if minutes > 60 or seconds > 60:
        return None
    return (1 if match[4] == letters[0] else -1) * (degrees + minutes / 60 + seconds / 3600)


def _number(text: str) -> float | None:
    match = _RATIONAL.fullmatch(text)
    if match is None or (match[2] and not int(match[2])):
        return None
    return float(match[1]) / (int(match[2]) if match[2] else 1)
