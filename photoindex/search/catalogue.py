"""The names of the grammar: every filter and setting of a query with its other names, its meaning and an example."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from photoindex import folding
from photoindex.messages import say

Kind = Literal["filter", "like", "setting"]


@dataclass(frozen=True)
class Entry:
    """What can stand before a colon."""

    name: str
    label: str
    """What it is called on a page, in English."""
    label_fr: str
    meaning: str
    """One line, as in "photos … ": `taken on that day or later`."""
    example: str
    aliases: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    """Other words for its values, folded."""
    kind: Kind = "filter"


_YES = dict.fromkeys(("yes", "y", "1", "true", "on", "oui", "o", "vrai"), "yes")
_NO = dict.fromkeys(("no", "n", "0", "false", "off", "non", "faux"), "no")
_TYPES = {
    "photos": "photo", "image": "photo", "images": "photo", "picture": "photo", "pictures": "photo",
    "videos": "video", "film": "video", "films": "video", "movie": "video", "movies": "video",
    "raws": "raw", "brut": "raw", "live-photo": "live", "motion-photo": "motion",
}  # fmt: skip
_IS = {
    "fav": "favourite", "favorite": "favourite", "favorites": "favourite", "favourites": "favourite",
    "favori": "favourite", "favoris": "favourite", "favorie": "favourite", "doublon": "duplicate",
    "paysage": "landscape", "carre": "square",
}  # fmt: skip
_HAS = {
    "position": "gps", "location": "gps", "lieu": "place", "persons": "people", "person": "people",
    "personne": "people", "personnes": "people", "legende": "caption", "keyword": "keywords", "tags": "keywords",
    "mots-cles": "keywords", "note": "rating",
}  # fmt: skip
_SORTS = {
    "date": "newest", "new": "newest", "recent": "newest", "recente": "newest", "recentes": "newest",
    "recents": "newest", "desc": "newest", "old": "oldest", "ancien": "oldest", "anciens": "oldest",
    "anciennes": "oldest", "asc": "oldest", "score": "relevance", "best": "relevance", "pertinence": "relevance",
}  # fmt: skip
_SHOWS = {"match": "matches", "everything": "all", "tout": "all", "toutes": "all", "tous": "all", "best": "strong",
          "fort": "strong", "fortes": "strong", "resultats": "matches"}  # fmt: skip

ENTRIES: tuple[Entry, ...] = (
    Entry("after", "From", "À partir de", "taken on that day or later; a month or a year counts from its first day",
          "after:2019-07", ("since", "from", "apres", "depuis")),
    Entry("before", "Before", "Avant", "taken before that day; a month or a year from its first day",
          "before:2019", ("avant",)),
    Entry("date", "Date", "Date", "taken on that day, in that month or year, or from one to another",
          "date:2019-07..2019-08", ("when", "day", "taken", "quand", "jour", "until", "till", "jusque")),
    Entry("month", "Month", "Mois", "taken in that month of any year, by number or name", "month:july|august",
          ("mois",)),
    Entry("year", "Year", "Année", "taken in that year", "year:2018|2019", ("annee",)),
    Entry("added", "Added", "Ajouté", "indexed on that day, in that month or year, or from one to another",
          "added:2024-05", ("indexed", "ajoute", "ajout")),
    Entry("folder", "Folder", "Dossier", "in that folder or one inside it", "folder:2019/Corsica",
          ("path", "dir", "directory", "dossier", "chemin", "repertoire")),
    Entry("name", "File name", "Nom", "with that in their file name; * stands for anything", "name:IMG_*",
          ("file", "filename", "nom", "fichier")),
    Entry("library", "Library", "Bibliothèque", "of that library, by name or number", "library:Pictures",
          ("lib", "bibliotheque", "phototheque")),
    Entry("album", "Album", "Album", "in that album, by name or number", "album:Wedding", ("albums",)),
    Entry("place", "Place", "Lieu", "taken in that city, region or country", 'place:"New York"',
          ("in", "city", "country", "where", "lieu", "ville", "pays")),
    Entry("near", "Near", "Près de", "taken near that position: latitude, longitude and distance",
          "near:48.85,2.35,10km", ("around", "pres", "proche", "autour")),
    Entry("camera", "Camera", "Appareil", "taken with that camera", 'camera:"X100|Pixel 7"',
          ("cam", "model", "appareil", "boitier")),
    Entry("lens", "Lens", "Objectif", "taken with that lens", "lens:35mm", ("objectif",)),
    Entry("iso", "ISO", "ISO", "taken at that sensitivity", "iso:>800", ("sensibilite",)),
    Entry("aperture", "Aperture", "Ouverture", "taken at that f-number", "aperture:<2.8",
          ("fnumber", "f-number", "ouverture", "diaphragme")),
    Entry("focal", "Focal length", "Focale", "taken at that focal length in millimetres", "focal:24..70",
          ("focal-length", "focallength", "mm", "focale")),
    Entry("type", "Type", "Type", "of that kind: photo, video, raw, motion or live", "type:video", ("kind",), _TYPES),
    Entry("is", "Is", "Est", "that are so: favourite, duplicate, portrait, landscape or square", "is:favourite",
          ("est",), _IS),
    Entry("has", "Has", "Avec", "that have it: gps, place, date, people, caption, keywords, rating or album", "has:gps",
          ("with", "avec"), _HAS),
    Entry("rating", "Rating", "Note", "rated with that many stars", "rating:>=4",
          ("stars", "rated", "note", "etoiles")),
    Entry("person", "Person", "Personne", "with that person, as named in the file", "person:Ada",
          ("people", "who", "personne", "personnes", "qui")),
    Entry("keyword", "Keyword", "Mot-clé", "with that keyword", "keyword:invoice",
          ("keywords", "tag", "tags", "mot-cle", "motcle", "mots-cles", "etiquette")),
    Entry("text", "Text", "Texte", "with that in title, caption or keywords", 'text:"happy birthday"',
          ("title", "caption", "description", "texte", "titre", "legende")),
    Entry("format", "Format", "Format", "in that file format", "format:heic|jpeg", ("ext", "extension")),
    Entry("size", "File size", "Taille", "of that file size", "size:>10MB", ("filesize", "bytes", "taille", "poids")),
    Entry("width", "Width", "Largeur", "that wide, in pixels", "width:>=4000", ("largeur",)),
    Entry("height", "Height", "Hauteur", "that high, in pixels", "height:1080", ("hauteur",)),
    Entry("megapixels", "Megapixels", "Mégapixels", "with that many millions of pixels", "megapixels:>=12",
          ("mp", "mpx", "megapixel", "resolution")),
    Entry("duration", "Duration", "Durée", "that long, for videos", "duration:>1:30", ("length", "duree")),
    Entry("id", "Photo", "Photo", "with that number", "id:12|15", ("photo",)),
    Entry("like", "Like", "Comme", "that look like the one with that number", "like:12",
          ("similar", "comme", "semblable"), kind="like"),
    Entry("sort", "Sorted", "Tri", "in that order: relevance, newest or oldest", "sort:newest",
          ("order", "tri", "trier", "ordre"), _SORTS, kind="setting"),
    Entry("show", "Shown", "Affichage", "how far results go: matches, strong or all", "show:strong",
          ("afficher", "montrer"), _SHOWS, kind="setting"),
    Entry("unique", "Without near-duplicates", "Sans quasi-doublons", "whether near-duplicates are folded into one",
          "unique:yes", ("dedupe",), {**_YES, **_NO}, kind="setting"),
)  # fmt: skip
"""All of them, in the order in which they are explained."""

FAVOURITE_NAMES = ("fav", "favourite", "favorite", "favori", "favoris")
"""`fav:yes` is another way to say `is:favourite`."""
YES_OR_NO: Mapping[str, str] = {**_YES, **_NO}
UNTIL_NAMES = ("until", "till", "jusque")
"""`until:2019` is another way to say `date:..2019`."""

BY_NAME: Mapping[str, Entry] = {entry.name: entry for entry in ENTRIES}
_BY_ANY_NAME: Mapping[str, Entry] = {
    **{alias: entry for entry in ENTRIES for alias in entry.aliases},
    **dict.fromkeys(FAVOURITE_NAMES, BY_NAME["is"]),
    **BY_NAME,
}


def fold(text: str) -> str:
    """Letters alone: without case, accents and white space, with straight apostrophes."""
    return "".join(folding.fold(text).split())


def find(name: str) -> Entry | None:
    """The entry of a name or of one of its aliases, in any case, with or without accents; None for no name of ours."""
    return _BY_ANY_NAME.get(fold(name))


def known_value(entry: Entry, value: str) -> str:
    """What a value is called in the grammar (`vidéos` → `video`); the value itself where it has no other name."""
    folded = fold(value)
    return folded if folded in entry.values.values() else entry.values.get(folded, value)


@lru_cache(maxsize=256)
def unknown(name: str) -> str:
    """The message for what is no name, with the likeliest that was meant, or with all."""
    close = difflib.get_close_matches(fold(name), _BY_ANY_NAME, n=1, cutoff=0.7)
    if close:
        return say(
            "there is no filter %(name)s; did you mean %(close)s? Put it in quotes to search for the words",
            name=name,
            close=close[0],
        )
    return say(
        "there is no filter %(name)s; there are %(names)s. Put it in quotes to search for the words",
        name=name,
        names=", ".join(BY_NAME),
    )
