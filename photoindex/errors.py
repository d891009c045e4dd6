"""The exceptions PhotoIndex raises on purpose, and the exit code each ends a command with.

    PhotoIndexError                 1   anything below
    ├── ConfigError                 2   a setting or option is wrong
    ├── LibraryError                3   a folder can't be a library, or is no longer one
    ├── DatabaseError               4   the database can't be used as it is
    │   ├── DatabaseBusyError       4   others have been using it for too long; trying again helps
    │   ├── DatabaseFullError       4   the disk is full; trying again helps when there is room
    │   ├── DatabaseDamagedError    4   it is not, or no longer, a sound database
    │   ├── ThumbnailsError         4   the folder of thumbnails can't be written
    │   └── DatabaseTooNewError     4   a newer PhotoIndex wrote it; it is left untouched
    ├── EncoderError                5   an encoder can't be used
    │   ├── UnknownEncoderError     5   no encoder of that name, repository or folder
    │   └── EncoderUnavailableError 5   its weights are not here and can't be had
    ├── IsolationError              7   no process can be started that decodes photos
    ├── ServerError                 6   the web server can't start (the port is taken, say)
    ├── NotFoundError               1   no photo, file or library of that id
    ├── NotReadyError               1   the answer will be there soon: an encoder is still loading, say
    ├── QueryError                  2   a search that can't be understood
    ├── UnreadableFileError         1   one file can't be indexed; holds the reason, never ends the daemon
    └── DaemonRunningError         75   another process indexes this data folder

Every message is one line that says what is wrong and what to do about it.
"""

from __future__ import annotations


class PhotoIndexError(Exception):
    """Base of all errors that PhotoIndex raises on purpose."""

    exit_code = 1


class ConfigError(PhotoIndexError):
    """A setting or option is wrong."""

    exit_code = 2


class LibraryError(PhotoIndexError):
    """A folder can't be a library, or is no longer one."""

    exit_code = 3


class DatabaseError(PhotoIndexError):
    """The database can't be used as it is."""

    exit_code = 4


class DatabaseBusyError(DatabaseError):
    """Others have been using the database for so long that our turn did not come; trying again helps."""


class DatabaseFullError(DatabaseError):
    """The disk is full: nothing is lost, and what was to be written can be when there is room."""


class DatabaseDamagedError(DatabaseError):
    """What is in the file is not, or no longer, a sound database."""


class ThumbnailsError(DatabaseError):
    """The folder of thumbnails, which belongs to the database, can't be written."""


class DatabaseTooNewError(DatabaseError):
    """A newer PhotoIndex wrote the database; it is left untouched."""


class EncoderError(PhotoIndexError):
    """An encoder can't be used."""

    exit_code = 5


class UnknownEncoderError(EncoderError):
    """No encoder of that name, repository or folder."""


class EncoderUnavailableError(EncoderError):
    """The encoder's weights are not on this machine and can't be had."""


class IsolationError(PhotoIndexError):
    """No process can be started that decodes photos."""

    exit_code = 7


class ServerError(PhotoIndexError):
    """The web server can't start."""

    exit_code = 6


class NotFoundError(PhotoIndexError):
    """No photo, file or library of that id."""


class NotReadyError(PhotoIndexError):
    """The answer will be there soon: an encoder is still loading, or a photo not indexed yet."""


class QueryError(PhotoIndexError):
    """A search that can't be understood."""

    exit_code = 2


class UnreadableFileError(PhotoIndexError):
    """One file can't be indexed: `reason` is one of `photoindex.media.formats.REASONS`."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class DaemonRunningError(PhotoIndexError):
    """Another process indexes this data folder."""

    exit_code = 75
