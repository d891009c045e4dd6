"""The process that builds a snapshot, which the daemon starts, and ends when it is to stop itself.

It is a process because FAISS can't be interrupted, because its memory is all given back in the end, and because nothing
that goes wrong there can harm indexing. It reads the database and writes one new folder; whether that counts, the
daemon decides. Ended at any moment it leaves at most a folder with a dot in front, which the daemon removes.
"""

from __future__ import annotations

import argparse
import ctypes
import logging
import os
import signal
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from photoindex import embeddings, encoders
from photoindex.database import open_database
from photoindex.embeddings import StoredEncoder
from photoindex.errors import EncoderError, PhotoIndexError
from photoindex.snapshots.building import build
from photoindex.snapshots.captions import CAPTIONS

log = logging.getLogger(__name__)

NICENESS = 15
_PR_SET_PDEATHSIG = 1  # prctl(2)


def main(arguments: list[str] | None = None) -> int:
    """Build the snapshot FOLDER/NAME of an encoder's embeddings in DATABASE. The exit code: 0 when it is there."""
    parser = argparse.ArgumentParser(prog="photoindex.daemon.building")
    parser.add_argument("database", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("name")
    parser.add_argument("encoder_id", type=int)
    parser.add_argument("parent", type=int)
    given = parser.parse_args(arguments)
    _be_humble(given.parent)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("photoindex").setLevel(logging.INFO)
    try:
        with closing(open_database(given.database)) as database:
            with database.read() as session:
                encoder = next(e for e in embeddings.stored_encoders(session) if e.id == given.encoder_id)
            build(database, encoder, given.folder, given.name, _texts(encoder))
    except (PhotoIndexError, OSError) as error:
        log.error("%s", error)
        return 1
    return 0


def _be_humble(parent: int) -> None:
    """Leave the processor to others, and end with the daemon, however that ends (Linux)."""
    os.nice(NICENESS)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(1)


def _texts(encoder: StoredEncoder) -> NDArray[np.float32] | None:
    """Embeddings (m, dim) of texts as people type them; None when the encoder's text half can't be loaded."""
    try:
        return encoders.load_text(encoder.name, encoder.fingerprint, "cpu").encode_texts(CAPTIONS)
    except EncoderError as error:
        log.info("recall is measured with made-up texts: %s", error)
        return None


if __name__ == "__main__":
    sys.exit(main())
