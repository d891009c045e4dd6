"""A rating that the user gave: what the file's metadata say replaces it no more."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """So far every rating is the file's."""
    op.execute("ALTER TABLE photo ADD COLUMN rated BOOLEAN NOT NULL DEFAULT 0")
