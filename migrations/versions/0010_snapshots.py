"""Snapshots for large libraries, and a log of what has changed since they were built."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Triggers, as embeddings may go by a foreign key. Libraries without a snapshot pay only for the look at its table.
_TRIGGERS = (
    """
    CREATE TRIGGER embedding_change_insert AFTER INSERT ON embedding
    WHEN NEW.encoder_id IN (SELECT encoder_id FROM snapshot) BEGIN
        INSERT INTO embedding_change (encoder_id, photo_id) VALUES (NEW.encoder_id, NEW.photo_id);
    END
    """,
    """
    CREATE TRIGGER embedding_change_delete AFTER DELETE ON embedding
    WHEN OLD.encoder_id IN (SELECT encoder_id FROM snapshot) BEGIN
        INSERT INTO embedding_change (encoder_id, photo_id) VALUES (OLD.encoder_id, OLD.photo_id);
    END
    """,
    """
    CREATE TRIGGER embedding_change_update AFTER UPDATE ON embedding BEGIN
        INSERT INTO embedding_change (encoder_id, photo_id)
            SELECT encoder_id, OLD.photo_id FROM snapshot WHERE encoder_id = OLD.encoder_id
            UNION SELECT encoder_id, NEW.photo_id FROM snapshot WHERE encoder_id = NEW.encoder_id;
    END
    """,
    """
    CREATE TRIGGER embedding_change_visible AFTER UPDATE OF visible ON photo WHEN OLD.visible <> NEW.visible BEGIN
        INSERT INTO embedding_change (encoder_id, photo_id) SELECT encoder_id, NEW.id FROM snapshot;
    END
    """,
)


def upgrade() -> None:
    """Two tables, empty: the daemon builds a snapshot when the library is large enough."""
    op.create_table(
        "snapshot",
        sa.Column("encoder_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["encoder_id"], ["encoder.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("encoder_id"),
    )
    op.create_table(
        "embedding_change",
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("encoder_id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sqlite_autoincrement=True,
    )
    for trigger in _TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """There is no way back but the backup made before the upgrade."""
    raise NotImplementedError
