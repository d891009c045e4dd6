"""Which files beside a photo tell about it: `.xmp` sidecars, and the JSON files of a Google Takeout.

Names are bytes, as the file system has them; only those of one folder belong together.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container

from photoindex.media.fields import Metadata, TakenAtSource
from photoindex.media.takeout import read_takeout
from photoindex.media.xmp import read_xmp

MAX_SIDECAR_BYTES = 1_000_000
"""Larger sidecars say nothing: read at most one byte more of a file."""

_XMP_ENDINGS = (b".xmp", b".XMP", b".Xmp")
_JSON_ENDINGS = (b".json", b".JSON")
_SUPPLEMENT = ".supplemental-metadata"
_MAX_TAKEOUT_LENGTH = 46
"""Takeout cuts what is before `.json` to so many UTF-16 units."""

# What Google Photos adds to the names of edited copies, in the language of the account.
_EDITED = re.compile(
    "-(?:edited|edit|modifié|modifie\u0301|bearbeitet|editado|editada|modificato|modificata|bewerkt|edytowane|redigerad"
    "|redigert|redigeret|muokattu|upraveno|изменено|編集済み|已修改|已編輯|수정됨)$",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"(.*)(\(\d{1,4}\))", re.DOTALL)
# A Live Photo's clip and a Pixel's motion clip have no JSON of their own.
_CLIP_ENDINGS = frozenset({".mp4", ".mov", ".mp"})
_STILL_ENDINGS = (".HEIC", ".heic", ".JPG", ".jpg", ".JPEG", ".jpeg")


def is_sidecar(name: bytes) -> bool:
    """Whether a file of this name may tell about others: `photos_of` says about which, if any."""
    return name.lower().endswith((b".xmp", b".json"))


def sidecars_of(name: bytes, siblings: Container[bytes]) -> tuple[bytes, ...]:
    """The sidecars of the photo or video `name` among the names in its folder, the most trusted first.

    `siblings` is asked for about forty names: a set answers fast.
    """
    if is_sidecar(name):
        return ()
    stem = name.rpartition(b".")[0]
    xmp = [whole + ending for whole in (name, stem) if whole for ending in _XMP_ENDINGS]
    found = [candidate for candidate in dict.fromkeys(xmp) if candidate in siblings]
    text = _text(name)
    for names in (_takeout_names(text), _takeout_names(_unedited(text)), _names_of_still(text)):
        takeout = next((raw for one in dict.fromkeys(names) if (raw := _bytes(one)) in siblings), None)
        if takeout is not None:
            return (*found, takeout)
    return tuple(found)


def photos_of(sidecar: bytes, siblings: Collection[bytes]) -> tuple[bytes, ...]:
    """The files among `siblings`, the names in its folder, that `sidecar` tells about: the reverse of `sidecars_of`."""
    if not is_sidecar(sidecar):
        return ()
    # Whatever is cut off and put in, a photo and its sidecar agree up to the first point or bracket.
    beginning = re.split(rb"[.(]", sidecar, maxsplit=1)[0]
    related = {sidecar, *(name for name in siblings if name.startswith(beginning))}
    return tuple(sorted(name for name in related if sidecar in sidecars_of(name, related)))


def read_sidecar(name: bytes, content: bytes) -> Metadata:
    """What a sidecar says; its date's source is `SIDECAR`. Never raises; one that is too large says nothing."""
    if len(content) > MAX_SIDECAR_BYTES or not is_sidecar(name):
        return Metadata()
    if name.lower().endswith(b".json"):
        return read_takeout(content)
    return read_xmp(content, TakenAtSource.SIDECAR, max_bytes=MAX_SIDECAR_BYTES)


def _takeout_names(name: str) -> list[str]:
    """What Takeout calls the JSON of `name`: `a(1).jpg` has `a.jpg(1).json`, and lately a longer ending, cut."""
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, extension = name, ""
    names = []
    counted = _COUNTED.fullmatch(stem)
    for whole, counter in [(name, ""), *([(counted[1] + dot + extension, counted[2])] if counted else [])]:
        for base in (whole + _SUPPLEMENT, whole, whole.rpartition(".")[0]):
            # Some cut the counter away with the rest, some cut first and count then.
            names += [cut + counter for cut in _cuts(base)]
            if counter:
                names += _cuts(base + counter)
    return [one + ending.decode() for one in names if one for ending in _JSON_ENDINGS]


def _cuts(base: str) -> list[str]:
    units = base.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * _MAX_TAKEOUT_LENGTH:
        return [base]
    by_units = units[: 2 * _MAX_TAKEOUT_LENGTH].decode("utf-16-le", "ignore")
    return [base[:_MAX_TAKEOUT_LENGTH], by_units]


def _unedited(name: str) -> str:
    """The name of the original of an edited copy: `a-edited(1).jpg` is one of `a(1).jpg`; empty if it is none."""
    stem, dot, extension = name.rpartition(".")
    counted = _COUNTED.fullmatch(stem)
    stem, counter = (counted[1], counted[2]) if counted else (stem, "")
    original = _EDITED.sub("", stem)
    return original + counter + dot + extension if original != stem else ""


def _names_of_still(name: str) -> list[str]:
    stem, dot, extension = name.rpartition(".")
    if (dot + extension).lower() not in _CLIP_ENDINGS:
        return []
    return [one for ending in _STILL_ENDINGS for one in _takeout_names(stem + ending)]


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
