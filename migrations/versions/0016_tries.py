"""How often a file was begun to be read and not finished, and how far what decodes is confined."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No file is under suspicion yet."""
    op.execute("ALTER TABLE file ADD COLUMN tries INTEGER NOT NULL DEFAULT 0")
    op.execute("ALTER TABLE daemon ADD COLUMN isolation VARCHAR")
