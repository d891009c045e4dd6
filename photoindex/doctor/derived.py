"""What is derived from rows so that searches are quick: search tables, the snapshot, the words of photos."""

from __future__ import annotations

from collections.abc import Iterator

from photoindex import embeddings, rebuilding, vector_tables, words
from photoindex.doctor.findings import REPAIR, Finding, Patient
from photoindex.messages import some
from photoindex.snapshots import changes
from photoindex.snapshots.format import SnapshotError, header_of, verify


def check_search_tables(patient: Patient) -> Iterator[Finding]:
    """Each encoder's sqlite-vec table is what its embeddings are, vector by vector."""
    with patient.database.read() as session:
        encoders = embeddings.stored_encoders(session)
    for encoder in encoders:
        with patient.database.read() as session:
            sound = embeddings.is_sound(session, encoder)
            wrong = vector_tables.count_wrong(session, encoder.id, encoder.dim) if sound else 0
        if sound and not wrong:
            continue
        what = some(wrong, "vector is wrong", "vectors are wrong") + " in" if sound else "something is damaged in"
        found = Finding("search table", f"{what} the search table of {encoder.name}", REPAIR)
        if patient.repair:
            rebuilding.rebuild(patient.database, encoder)
            found = found.mended("made anew from the stored embeddings")
        yield found


def check_snapshot(patient: Patient) -> Iterator[Finding]:
    """The snapshot of the active encoder is whole, and of that encoder. All of it is read."""
    with patient.database.read() as session:
        encoder = embeddings.active_encoder(session)
        standing = changes.standing(session, encoder.id) if encoder else None
    if encoder is None or standing is None or standing.name is None:
        return
    try:
        header = header_of(patient.snapshots, standing.name)
        if (header.fingerprint, header.dim) != (encoder.fingerprint, encoder.dim):
            raise SnapshotError(f"the snapshot {standing.name} is of another encoder")
        verify(patient.snapshots, standing.name)
    except SnapshotError as error:
        found = Finding("snapshot", str(error), f"the daemon builds it anew when it starts; {REPAIR}")
        if patient.repair:
            with patient.database.write() as session:
                changes.forget(session, [encoder.id])
            found = found.mended("forgotten; the daemon builds a new one, until then searches are slower")
        yield found


def check_words(patient: Patient) -> Iterator[Finding]:
    """The full-text table is sound, and has every photo that is shown and no other."""
    if patient.database.is_read_only:
        return  # FTS5 checks itself by what looks like a write
    with patient.database.write() as session:
        sound = words.is_sound(session)
        wrong = words.count_differences(session) if sound else 0
        if sound and not wrong:
            return
        problem = (
            f"{some(wrong, 'photo is', 'photos are')} not found by the right words"
            if sound
            else "the table of words is damaged"
        )
        found = Finding("words", problem, REPAIR)
        if patient.repair:
            words.prepare(session, thorough=True)
            found = found.mended("the daemon reads their words again")
    yield found
