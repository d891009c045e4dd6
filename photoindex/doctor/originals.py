"""Looking deep: every original is read and hashed again, and the encoder loaded."""

from __future__ import annotations

import os
from collections.abc import Iterator

from blake3 import blake3
from sqlalchemy import text

from photoindex import embeddings
from photoindex.doctor.findings import Finding, Patient
from photoindex.errors import EncoderError
from photoindex.libraries import display_path
from photoindex.media.reading import OPEN_FLAGS
from photoindex.messages import some

NAMED = 20
"""Files that are named one by one; of more, only how many they are is said."""
_PIECE_BYTES = 4 << 20


def check_originals(patient: Patient) -> Iterator[Finding]:
    """Originals of libraries that are online: still there, readable, and with the content they were indexed with.

    One whose size and times are as they were, and whose content is not, was damaged by the disk or on the way here.
    """
    query = text(
        "SELECT library.root, file.path, file.size_bytes, file.mtime_ns, photo.content_hash FROM file "
        "JOIN library ON library.id = file.library_id JOIN photo ON photo.id = file.photo_id "
        "WHERE file.state = 'indexed' AND library.state = 'online' ORDER BY file.id"
    )
    with patient.database.read() as session:
        rows = session.execute(query).all()
    changed = gone = 0
    named = 0
    for root, path, size_bytes, mtime_ns, content_hash in rows:
        whole = os.path.join(root, path)
        try:
            found = os.lstat(whole)
            if (found.st_size, found.st_mtime_ns) != (size_bytes, mtime_ns):
                changed += 1
                continue
            problem = None if _hash(whole) == content_hash else "its content is not what it was, its size and time are"
        except FileNotFoundError:
            gone += 1
            continue
        except OSError as error:
            problem = f"it can't be read ({error.strerror})"
        if problem:
            named += 1
            if named <= NAMED:
                yield Finding(
                    "originals", f"{display_path(whole)}: {problem}", "compare it with your copies; check the disk"
                )
    if named > NAMED:
        yield Finding(
            "originals", f"{some(named - NAMED, 'further file is', 'further files are')} like these", "check the disk"
        )
    if changed or gone:
        yield Finding(
            "originals",
            f"{some(changed, 'file')} changed and {some(gone, 'file')} gone since the last scan",
            "a running daemon scans for them; or run: photoindex index",
        )


def check_encoder(patient: Patient) -> Iterator[Finding]:
    """The encoder that answers searches can be loaded."""
    with patient.database.read() as session:
        encoder = embeddings.active_encoder(session)
    if encoder is None or patient.load_text is None:
        return
    try:
        patient.load_text(encoder)
    except EncoderError as error:
        yield Finding("encoder", f"{encoder.name} can't be loaded: {error}", "searching by text waits for it")


def _hash(path: bytes) -> bytes:
    digest = blake3()
    descriptor = os.open(path, OPEN_FLAGS)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.digest()
