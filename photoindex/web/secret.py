"""The key that signs sessions and form tokens: made at the first start, in a file that only its owner can read."""

from __future__ import annotations

import errno
import logging
import os
import secrets
from pathlib import Path

from photoindex.errors import ConfigError

log = logging.getLogger(__name__)

NAME = "secret_key"
_LEAST_CHARACTERS = 32


def read(folder: Path) -> str:
    """The key of a data folder. Two that start at once get the same.

    On a disk that is full or read-only before there was one, it is made for this process alone. Raises ConfigError when
    it can't be kept for another reason.
    """
    path = folder / NAME
    try:
        known = _known(path)
        if known is None:
            _keep(path, secrets.token_hex(32))
            known = _known(path)
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            log.warning("the file %s can't be made (%s): forms are good until this server ends", path, error.strerror)
            return secrets.token_hex(32)
        raise ConfigError(f"the file {path} can't be used: {error}; make it yours, or delete it") from error
    if known is None:
        raise ConfigError(f"the file {path} holds no key; delete it, and a new one is made")
    return known


def _known(path: Path) -> str | None:
    """The key that is there; None for none. It is made unreadable for others, should it have been copied about."""
    try:
        key = path.read_text("ascii").strip()
    except FileNotFoundError:
        return None
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return key if len(key) >= _LEAST_CHARACTERS else None


def _keep(path: Path, key: str) -> None:
    """Write it whole, then give it its name unless another process just did: nobody reads half of it."""
    whole = path.with_name(f"{NAME}.{os.getpid()}")
    descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(key + "\n")
            file.flush()
            os.fsync(file.fileno())
        if path.exists():  # left empty by a full disk, or a power cut
            os.replace(whole, path)
        else:
            os.link(whole, path)
    except FileExistsError:
        pass
    finally:
        whole.unlink(missing_ok=True)
