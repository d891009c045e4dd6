"""Getting rid of virtual tables that can be made anew, also when they are damaged."""

from __future__ import annotations

import logging

from sqlalchemy import Connection, text

log = logging.getLogger(__name__)


def forget_virtual_table(connection: Connection, name: str) -> None:
    """Let there be no such table, and leave its shadow tables, as large as they are."""
    connection.execute(text("PRAGMA writable_schema = ON"))
    connection.execute(text("DELETE FROM sqlite_master WHERE name = :name"), {"name": name})
    connection.execute(text("PRAGMA writable_schema = RESET"))


def drop_virtual_table(connection: Connection, name: str) -> None:
    """Drop a virtual table, and its shadow tables one by one where its module no longer can."""
    try:
        with connection.begin_nested():
            connection.execute(text(f'DROP TABLE IF EXISTS "{name}"'))
    except Exception:  # a damaged virtual table raises whatever its module makes of it
        log.warning("the table %s is damaged; dropping what is left of it", name)
        forget_virtual_table(connection, name)
    shadows = connection.execute(
        text("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE :pattern ESCAPE '\\'"),
        {"pattern": name.replace("_", "\\_") + "\\_%"},
    ).scalars()
    for shadow in list(shadows):
        connection.execute(text(f'DROP TABLE "{shadow}"'))
