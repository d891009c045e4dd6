"""Bringing a database to the newest schema, after a copy of it was made; refusing what we don't know, untouched."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from photoindex import backups
from photoindex.connections import (
    APPLICATION_ID,
    Access,
    SqliteError,
    error_of,
    make_engine,
    one_line_errors,
    read_only,
)
from photoindex.errors import DatabaseError, DatabaseTooNewError

BACKUPS_KEPT = 2


def stored_revision(path: Path) -> str | None:
    """The schema revision of the file, None for a file that is not there or holds no table. Changes nothing.

    Raises DatabaseError when it is no database of ours.
    """
    if not path.exists() or path.stat().st_size == 0:
        return None
    try:
        with closing(read_only(path)) as connection:
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            if application == 0 and not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                return None  # killed, or out of space, while it was made
            if application != APPLICATION_ID:
                raise DatabaseError(f"{path} is not a PhotoIndex database; choose another folder with --data")
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            return str(row[0]) if row else None
    except SqliteError as error:
        raise error_of(path, str(error)) from error


def check_revision(path: Path, revision: str | None, migrations: Path) -> None:
    """Refuse a revision that is none of the scripts in `migrations`. Raises DatabaseTooNewError."""
    from alembic.script import ScriptDirectory  # late, as below: most commands find the schema up to date

    scripts = ScriptDirectory(str(migrations))
    if revision is not None and revision not in {script.revision for script in scripts.walk_revisions()}:
        raise DatabaseTooNewError(
            f"{path} was written by a newer PhotoIndex (schema {revision}); upgrade PhotoIndex to use it"
        )


def migrate(path: Path, revision: str | None, migrations: Path) -> None:
    """Make the database, or bring it from `revision` to the newest schema: all of it, or nothing when interrupted.

    Raises DatabaseError or DatabaseTooNewError; the file is then as it was.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    check_revision(path, revision, migrations)
    if revision is not None:
        if revision == ScriptDirectory(str(migrations)).get_current_head():
            return
        _back_up(path, revision)
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    engine = make_engine(path, Access.WRITE, 15_000)
    try:
        with (
            one_line_errors(path),
            engine.connect().execution_options(durable=True) as connection,
            connection.begin(),
        ):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    finally:
        engine.dispose()
    path.chmod(0o600)


def _back_up(path: Path, revision: str) -> None:
    """Copy the database into `backups/` and keep the newest few copies."""
    folder = path.parent / "backups"
    with one_line_errors(path):
        folder.mkdir(mode=0o700, exist_ok=True)
        backups.make(path, folder / f"{path.stem}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{revision}.db")
    for old in sorted(folder.glob(f"{path.stem}-*.db"))[:-BACKUPS_KEPT]:
        old.unlink()
