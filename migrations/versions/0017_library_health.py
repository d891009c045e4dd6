"""What is known of a library's health: which file system it was, how it is watched, and what it asks its owner."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_COLUMNS = (
    "file_system BIGINT",
    "poll_seconds DOUBLE",
    "notice VARCHAR",
    "folders INTEGER",
    "watched INTEGER",
    "overflows INTEGER NOT NULL DEFAULT 0",
    "held INTEGER NOT NULL DEFAULT 0",
    "confirmed INTEGER",
    "purge_after DATETIME",
)


def upgrade() -> None:
    """All of it is filled in by the next scan."""
    for column in _COLUMNS:
        op.execute(f"ALTER TABLE library ADD COLUMN {column}")


def downgrade() -> None:
    """There is no way back but the backup made before the upgrade."""
    raise NotImplementedError
