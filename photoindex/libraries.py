"""Library rows: adding, listing and removing watched root folders."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from photoindex.errors import LibraryError, NotFoundError
from photoindex.messages import can_be_shown, number, say
from photoindex.models import FileState, FileTally, Library, LibraryState
from photoindex.mounts import is_within

LONGEST_NAME = 200


@dataclass(frozen=True)
class LibraryInfo:
    """A library as people see it."""

    id: int
    root: bytes
    name: str
    state: str
    problem: str | None
    files: int
    """How many of its files are on disk, whatever their state."""
    added_at: datetime
    scanned_at: datetime | None
    device: int | None
    inode: int | None
    file_system: int | None = None
    poll_seconds: float | None = None
    notice: str | None = None
    folders: int | None = None
    watched: int | None = None
    overflows: int = 0
    held: int = 0
    """Files that a scan found gone, and that wait for the user to confirm it."""
    confirmed: int | None = None
    purge_after: datetime | None = None

    @property
    def path(self) -> str:
        """The root for display; a byte that is not UTF-8 shows as `\ufffd`."""
        return display_path(self.root)


def display_path(path: bytes) -> str:
    """A path as text that is safe to print and to put into JSON: lossy where the bytes are not UTF-8."""
    return path.decode("utf-8", "replace")


def add(session: Session, folder: Path) -> LibraryInfo:
    """Watch `folder` from now on. Adding it twice is fine.

    Raises LibraryError when it is not a readable folder, or lies inside another library or around one.
    """
    root = check_folder(folder)
    known = session.scalar(select(Library.id).where(Library.root == root))
    if known is not None:
        if (found := get(session, known)).state == LibraryState.REMOVING:
            raise LibraryError(
                say("%(folder)s is being removed; add it again when that is done", folder=_shown(folder))
            )
        return found
    check_new(session, folder)
    library = Library(root=root, name=display_path(os.path.basename(root)) or "/")
    session.add(library)
    session.flush()
    return get(session, library.id)


def check_new(session: Session, folder: Path) -> None:
    """Refuse a folder that lies inside a library or around one. Raises LibraryError."""
    root = os.path.realpath(os.fsencode(folder.expanduser()))
    for other in session.scalars(select(Library)):
        if root != other.root and is_within(root, other.root):
            raise LibraryError(
                say(
                    "%(folder)s is already watched: it lies inside %(library)s",
                    folder=_shown(folder),
                    library=display_path(other.root),
                )
            )
        if root != other.root and is_within(other.root, root):
            raise LibraryError(
                say(
                    "%(folder)s contains the library %(library)s; "
                    "remove that first with: photoindex library remove %(number)s",
                    folder=_shown(folder),
                    library=display_path(other.root),
                    number=other.id,
                )
            )


def check_folder(folder: Path) -> bytes:
    """The real path of a folder that can be read. Raises LibraryError with what is wrong."""
    root = os.path.realpath(os.fsencode(folder.expanduser()))
    if not os.path.lexists(root):
        raise LibraryError(say("there is no folder %(folder)s; check the spelling", folder=_shown(folder)))
    if not os.path.isdir(root):
        raise LibraryError(say("%(folder)s is a file, not a folder; give the folder it is in", folder=_shown(folder)))
    try:
        with os.scandir(root):
            pass
    except OSError as error:
        raise LibraryError(
            say(
                "%(folder)s can't be read (%(error)s); give this user the right to read it",
                folder=_shown(folder),
                error=error.strerror,
            )
        ) from error
    return root


def check_apart(folder: Path, data: Path) -> None:
    """Refuse a folder in the data folder, where nothing but our own files are. Raises LibraryError.

    One that contains the data folder is fine: the scanner leaves that out.
    """
    root, ours = (os.path.realpath(os.fsencode(each.expanduser())) for each in (folder, data))
    if is_within(root, ours):
        raise LibraryError(
            say(
                "%(folder)s lies in the data folder %(data)s; choose a folder of photos",
                folder=_shown(folder),
                data=_shown(data),
            )
        )


def list_all(session: Session) -> list[LibraryInfo]:
    """Every library, in the order of adding."""
    on_disk = select(FileTally.library_id, func.sum(FileTally.files)).where(FileTally.state != FileState.MISSING)
    counts: dict[int, int] = dict(session.execute(on_disk.group_by(FileTally.library_id)).all())
    return [_info(row, counts.get(row.id, 0)) for row in session.scalars(select(Library).order_by(Library.id))]


def get(session: Session, library_id: int) -> LibraryInfo:
    """One library. Raises NotFoundError."""
    row = session.get(Library, library_id)
    if row is None:
        raise NotFoundError(f"there is no library {library_id}; see: photoindex library list")
    count = select(func.sum(FileTally.files)).where(
        FileTally.library_id == library_id, FileTally.state != FileState.MISSING
    )
    return _info(row, session.scalar(count) or 0)


def find(session: Session, name: str) -> LibraryInfo:
    """The library with that id or at that folder. Raises NotFoundError."""
    if name.isascii() and name.isdigit():
        return get(session, int(name))
    root = os.path.realpath(os.fsencode(Path(name).expanduser()))
    library_id = session.scalar(select(Library.id).where(Library.root == root))
    if library_id is None:
        raise NotFoundError(f"{name} is not a library; see: photoindex library list")
    return get(session, library_id)


def rename(session: Session, library_id: int, name: str) -> None:
    """Call a library otherwise. Raises LibraryError for a name that is none, NotFoundError without the library."""
    name = name.strip()
    if not name:
        raise LibraryError(say("a library needs a name"))
    if len(name) > LONGEST_NAME:
        raise LibraryError(say("a name has %(most)s characters at most", most=number(LONGEST_NAME)))
    if not can_be_shown(name):
        raise LibraryError(say("that name has characters that can't be shown"))
    get(session, library_id)
    session.execute(update(Library).where(Library.id == library_id).values(name=name))


def tallies(session: Session) -> dict[int, dict[str, int]]:
    """How many files of each library are in each state: `FileState`'s values, those with none left out."""
    found: dict[int, dict[str, int]] = {}
    for library_id, state, files in session.execute(select(FileTally.library_id, FileTally.state, FileTally.files)):
        found.setdefault(library_id, {})[state] = files
    return found


def set_online(
    session: Session,
    library_id: int,
    device: int,
    inode: int,
    scanned_at: datetime | None,
    file_system: int | None = None,
) -> None:
    """The root is fine; remember which folder it was, and that its owner has nothing left to confirm."""
    values = {"state": LibraryState.ONLINE, "problem": None, "held": 0, "confirmed": None, "scanned_at": scanned_at}
    identity = {"device": device, "inode": inode, "file_system": file_system}
    _judge(session, library_id, **values, **identity)


def set_offline(session: Session, library_id: int, problem: str, held: int = 0) -> None:
    """The root can't be trusted now; `problem` says why in plain words. Nothing below it changes.

    `held`: how many files are gone if that is how it is meant to be, which the user can confirm.
    """
    _judge(session, library_id, state=LibraryState.OFFLINE, problem=problem, held=held, confirmed=None)


def set_held(session: Session, library_id: int, problem: str, held: int) -> None:
    """So many files are gone that the user is asked first, with `problem`; until then they stay as they are."""
    _judge(session, library_id, state=LibraryState.ONLINE, problem=problem, held=held, confirmed=None)


def confirm(session: Session, library_id: int) -> LibraryInfo:
    """The user says that the files which are held back are really gone. The next scan believes it.

    Raises LibraryError when nothing waits to be confirmed.
    """
    info = get(session, library_id)
    if not info.held:
        raise LibraryError(f"library {library_id} asks nothing; there is nothing to confirm")
    _update(session, library_id, confirmed=info.held)
    return info


def begin_removing(session: Session, library_id: int) -> None:
    """Nothing is read of the library any more, and what is known of it goes; see `forgetting`."""
    _update(session, library_id, state=LibraryState.REMOVING, problem=None, notice=None, held=0, confirmed=None)


def removing(session: Session) -> list[int]:
    """Ids of libraries that are to be removed, or partly are."""
    return list(session.scalars(select(Library.id).where(Library.state == LibraryState.REMOVING).order_by(Library.id)))


def set_poll(session: Session, library_id: int, seconds: float | None) -> None:
    """Scan the library every so many seconds; None leaves it to the settings."""
    _update(session, library_id, poll_seconds=seconds)


def set_watched(session: Session, library_id: int, folders: int, watched: int, notice: str | None) -> None:
    """How much of the library is watched, and what to say about it."""
    _update(session, library_id, folders=folders, watched=watched, notice=notice)


def count_overflows(session: Session, library_id: int, count: int) -> None:
    """The kernel has dropped events of the library so many times more."""
    _update(session, library_id, overflows=Library.overflows + count)


def set_purge_after(session: Session, library_id: int, moment: datetime | None) -> None:
    """Forget no file of the library before that moment."""
    _update(session, library_id, purge_after=moment)


def _update(session: Session, library_id: int, **values: object) -> None:
    session.execute(update(Library).where(Library.id == library_id).values(**values))


def _judge(session: Session, library_id: int, **values: object) -> None:
    """Keep what a scan found, which changes nothing of a library that is being removed."""
    kept = Library.state == LibraryState.REMOVING
    session.execute(update(Library).where(Library.id == library_id, ~kept).values(**values))


def _shown(path: Path) -> str:
    return display_path(os.fsencode(path))


_SHOWN = tuple(each.name for each in fields(LibraryInfo) if each.name != "files")


def _info(row: Library, files: int) -> LibraryInfo:
    return LibraryInfo(files=files, **{name: getattr(row, name) for name in _SHOWN})
