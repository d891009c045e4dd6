"""The routes that send pictures and videos: thumbnails, and the originals as they are on disk.

What is sent is somebody's file, so no browser may take it for anything else: the type comes from the format that was
detected when it was indexed, is never sniffed, and the sandbox keeps even a picture's scripts from running.
"""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

from flask import Blueprint, Response, current_app, request

from photoindex import media, photos
from photoindex.companions import companions_of
from photoindex.errors import NotFoundError
from photoindex.media.formats import BY_NAME
from photoindex.messages import say
from photoindex.photos import PhotoInfo
from photoindex.web import clips
from photoindex.web.originals import open_original
from photoindex.web.ranges import Section, answer
from photoindex.web.services import services
from photoindex.web.thumbnails import kept_thumbnail, make_thumbnail

blueprint = Blueprint("media", __name__, url_prefix="/api/v1/photos/<photo_id:photo_id>")

MIME_TYPES = {name: format.mime_type for name, format in BY_NAME.items()}
SHOWN_BY_BROWSERS = frozenset(format.name for format in media.FORMATS if format.shown_by_browsers)
PLAYED_BY_BROWSERS = frozenset({"mp4", "mov", "webm"})
"""Containers that today's browsers open; whether they know what is inside, only they can tell."""
UNKNOWN_TYPE = "application/octet-stream"

_CLIP_TYPE = "video/mp4"
_SHOWN_TYPES = frozenset(MIME_TYPES[name] for name in SHOWN_BY_BROWSERS | PLAYED_BY_BROWSERS)
_CONTENT_SECURITY_POLICY = "default-src 'none'; sandbox"
# An id is never given to another content, so what was sent for it once is right for ever.
_KEPT_FOR_EVER = "private, max-age=31536000, immutable"


@blueprint.after_request
def confine(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _CONTENT_SECURITY_POLICY
    return response


@blueprint.get("/thumbnail")
def thumbnail(photo_id: int) -> Response:
    """A JPEG of at most 512 pixels. Where there is none, a browser's `<img>` gets a neutral picture with the 404."""
    parts = services()
    with parts.database.read() as session:
        content_hash = photos.content_hash(session, photo_id)
    response = Response(mimetype="image/jpeg", headers={"Cache-Control": _KEPT_FOR_EVER})
    response.set_etag(content_hash.hex())
    if request.if_none_match.contains_weak(content_hash.hex()):
        return _not_modified(response)
    try:
        response.data = kept_thumbnail(parts.thumbnails, content_hash) or make_thumbnail(
            parts.thumbnails,
            _photo(photo_id),
            parts.decoder,
            max_file_bytes=parts.max_file_bytes,
            max_pixels=parts.max_pixels,
        )
    except NotFoundError:
        if not _wants_picture():
            raise
        return _stand_in("missing.svg")
    return response


@blueprint.get("/original")
def original(photo_id: int) -> Response:
    """The user's file as it is. Answers Range requests; `?download=1` has it saved rather than shown.

    Where it is not there now, an `<img>` gets an empty picture with the 404: the thumbnail below it stays in sight.
    """
    photo = _photo(photo_id)
    try:
        return _send_original(photo, 0, photo.size_bytes, MIME_TYPES.get(photo.format, UNKNOWN_TYPE))
    except NotFoundError:
        if not _wants_picture():
            raise
        return _stand_in("nothing.svg")


@blueprint.get("/motion")
def motion(photo_id: int) -> Response:
    """What moves in a motion or Live Photo, as a video. Answers Range requests."""
    with services().database.read() as session:
        photo = photos.get(session, photo_id)
        clip = clips.of(photo, companions_of(session, [photo_id]).get(photo_id, ()))
        if isinstance(clip, clips.CompanionClip):
            photo = photos.get(session, clip.photo_id)
    if clip is None:
        raise NotFoundError(say("%(filename)s is no motion photo", filename=photo.filename))
    if isinstance(clip, clips.InnerClip):
        return _send_original(photo, clip.start, clip.length, _CLIP_TYPE)
    return _send_original(photo, 0, photo.size_bytes, MIME_TYPES.get(photo.format, UNKNOWN_TYPE))


def _photo(photo_id: int) -> PhotoInfo:
    with services().database.read() as session:
        return photos.get(session, photo_id)


def _send_original(photo: PhotoInfo, start: int, length: int, mime_type: str) -> Response:
    """Some of the photo's file, or the range of that which is asked for. Raises NotFoundError."""
    opened, file = open_original(photo)
    section = Section(opened, start, length)
    try:
        response = answer(request, section, mime_type, f"{photo.content_hash.hex()}{f'-{start}' if start else ''}")
        response.headers["Cache-Control"] = _KEPT_FOR_EVER
        shown = mime_type in _SHOWN_TYPES and request.args.get("download") != "1"
        response.headers["Content-Disposition"] = disposition("inline" if shown else "attachment", file.filename)
    except BaseException:
        section.close()
        raise
    return response


def disposition(kind: str, filename: str) -> str:
    """A Content-Disposition header (RFC 6266) for any file name: nothing in it can end the header or the quotes."""
    name = "".join(char if char.isprintable() and char not in '/\\"' else "_" for char in filename).strip()
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").strip()
    # Percent signs are decoded by some browsers in the plain form, so it has none.
    value = f'{kind}; filename="{ascii_name.replace("%", "_") or "photo"}"'
    if name != ascii_name or "%" in name:
        value += f"; filename*=UTF-8''{quote(name, safe='')}"
    return value


def _not_modified(response: Response) -> Response:
    response.status_code = 304
    return response


def _wants_picture() -> bool:
    """Whether the request comes from an `<img>`, which says so before it says that it takes anything."""
    accepted = request.accept_mimetypes
    return accepted.quality("image/svg+xml") > accepted.quality("application/problem+json")


def _stand_in(name: str) -> Response:
    response = current_app.send_static_file(name)
    response.status_code = 404
    response.headers["Cache-Control"] = "no-store"
    response.headers.pop("ETag", None)
    return response
