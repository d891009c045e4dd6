"""A pause of indexing that outlives every process, and what the daemon says of its rests and its priority."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """So far nothing is paused."""
    op.execute(
        """
        CREATE TABLE pause (
            id INTEGER NOT NULL PRIMARY KEY CONSTRAINT pause_one_row CHECK (id = 1),
            since DATETIME NOT NULL,
            until DATETIME
        )
        """
    )
    op.execute("ALTER TABLE daemon ADD COLUMN resting VARCHAR")
    op.execute("ALTER TABLE daemon ADD COLUMN priority VARCHAR")
