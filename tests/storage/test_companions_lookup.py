"""Looking up what goes with the photos of a page, in a library of any size."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, event

from photoindex import companions
from photoindex.database import Database


def test_companions_are_found_from_the_photos_and_not_from_all_files(database: Database) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with database.read() as session:
            assert companions.companions_of(session, [1, 2, 3]) == {}
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    statement, parameters = next((each, values) for each, values in asked if "companion_of" in each)
    with database.read() as session:
        rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(parameters))
        plan = [row[3] for row in rows]
    assert "file_photo (photo_id=?)" in plan[0] and "file_companion_of (companion_of=?)" in " ".join(plan)
