"""Files, photos and embeddings: do the rows fit each other?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from photoindex import embeddings, rebuilding
from photoindex.companions import refresh_all_visibility
from photoindex.database import Database
from photoindex.doctor.findings import REPAIR, Finding, Patient
from photoindex.embeddings import StoredEncoder
from photoindex.messages import some

_WITHOUT_PHOTO = "state = 'indexed' AND photo_id IS NULL"
_READ_AT_ONCE = 4096


def check_files(patient: Patient) -> Iterator[Finding]:
    """Every indexed file has a photo, and exactly the photos with a file on disk are shown."""
    with patient.database.read() as session:
        lost = session.scalar(text(f"SELECT count(*) FROM file WHERE {_WITHOUT_PHOTO}")) or 0
        shown = _visible(session)
    if lost:
        found = Finding("files", f"{some(lost, 'file is', 'files are')} called indexed without a photo", REPAIR)
        if patient.repair:
            with patient.database.write() as session:
                session.execute(text(f"UPDATE file SET state = 'pending' WHERE {_WITHOUT_PHOTO}"))
            found = found.mended("the daemon reads them again")
        yield found
    yield from _check_visibility(patient, shown)


def check_embeddings(patient: Patient) -> Iterator[Finding]:
    """Every embedding has its encoder's length, is finite and of norm 1."""
    with patient.database.read() as session:
        encoders = embeddings.stored_encoders(session)
    for encoder in encoders:
        with patient.database.read() as session:
            bad = unsound(session, encoder)
        if not bad:
            continue
        found = Finding(
            "embeddings",
            f"{some(len(bad), 'photo has', 'photos have')} an embedding by {encoder.name} that is none "
            "(not of norm 1, or damaged)",
            REPAIR,
        )
        if patient.repair:
            remove(patient.database, encoder, bad)
            found = found.mended("removed; the daemon makes them again")
        yield found


def unsound(session: Session, encoder: StoredEncoder) -> list[int]:
    """Ids of photos of which an embedding by that encoder is damaged."""
    bad: set[int] = set()
    query = text("SELECT photo_id, vector FROM embedding WHERE encoder_id = :encoder ORDER BY photo_id, frame")
    for part in session.execute(query, {"encoder": encoder.id}).partitions(_READ_AT_ONCE):
        whole = [row for row in part if len(row[1]) == 2 * encoder.dim]
        bad.update(row[0] for row in part if len(row[1]) != 2 * encoder.dim)
        rows = np.frombuffer(b"".join(row[1] for row in whole), "<f2").reshape(-1, encoder.dim)
        bad.update(whole[int(each)][0] for each in np.flatnonzero(~embeddings.are_sound(rows)))
    return sorted(bad)


def remove(database: Database, encoder: StoredEncoder, photo_ids: list[int]) -> None:
    """Forget their embeddings by that encoder, also where its search table is damaged: that is made anew."""
    with database.write() as session:
        for photo_id in photo_ids:
            session.execute(
                text("DELETE FROM embedding WHERE encoder_id = :encoder AND photo_id = :photo"),
                {"encoder": encoder.id, "photo": photo_id},
            )
    rebuilding.rebuild(database, encoder)


def _check_visibility(patient: Patient, before: set[int]) -> Iterator[Finding]:
    """Reckon anew which photos are shown, which only a session that writes can; it is taken back unless wanted."""
    if patient.database.is_read_only:
        return
    with patient.database.write() as session, session.begin_nested() as tried:
        refresh_all_visibility(session)
        wrong = len(before ^ _visible(session))
        if not patient.repair:
            tried.rollback()
    if wrong:
        found = Finding(
            "files", f"{some(wrong, 'photo is', 'photos are')} shown and should not be, or the other way round", REPAIR
        )
        yield found.mended("put right") if patient.repair else found


def _visible(session: Session) -> set[int]:
    return set(session.scalars(text("SELECT id FROM photo WHERE visible")))
