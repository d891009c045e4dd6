"""Alembic's entry: runs the migrations on the connection that `photoindex.database` hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from photoindex.models import Base


def run() -> None:
    """Migrate the given connection. SQLite's DDL is transactional, so an interrupted upgrade leaves the old schema."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        render_as_batch=True,
        transactional_ddl=True,
    )
    context.run_migrations()


run()
