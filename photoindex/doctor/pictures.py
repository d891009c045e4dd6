"""Thumbnails: one for each photo that is shown, whole."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from photoindex.doctor.findings import REPAIR, Finding, Patient
from photoindex.media import is_whole_thumbnail, thumbnail_path
from photoindex.messages import some

_READ_AGAIN = text(
    "UPDATE file SET state = 'pending', attempts = 0, retry_at = NULL WHERE state = 'indexed' AND photo_id IN "
    "(SELECT id FROM photo WHERE content_hash = :content)"
)


def check_thumbnails(patient: Patient) -> Iterator[Finding]:
    """Those that are missing or empty; looking deep, those that can't be decoded too."""
    with patient.database.read() as session:
        contents = list(session.scalars(text("SELECT content_hash FROM photo WHERE visible")))
    bad = [each for each in contents if not is_whole_thumbnail(thumbnail_path(patient.thumbnails, each), patient.deep)]
    if not bad:
        return
    found = Finding("thumbnails", f"{some(len(bad), 'thumbnail is', 'thumbnails are')} missing or damaged", REPAIR)
    if patient.repair:
        for each in bad:
            thumbnail_path(patient.thumbnails, each).unlink(missing_ok=True)
        with patient.database.write() as session:
            session.execute(_READ_AGAIN, [{"content": each} for each in bad])
        found = found.mended("the daemon makes them again from the originals")
    yield found
