"""Names of files and folders that a page or a query could stumble over, as the file system's bytes."""

from __future__ import annotations

HOSTILE = (
    b'a "quoted" one',
    b"it's",
    b"two\nlines",
    b"caf\xe9",
    b"100%",
    b"under_score",
    b"..hidden",
    b"<img src=x onerror=alert(1)>",
    b"back\\slash",
    "\u202egnp".encode(),
    b"&path=other",
    b"+ plus #?",
    b"%41",
)
