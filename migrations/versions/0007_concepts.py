"""Concepts: what the library holds, as found by the daemon."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables. They are filled the next time the daemon is idle."""
    op.create_table(
        "concept",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("encoder_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("name_fr", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("photos", sa.Integer(), nullable=False),
        sa.Column("examples", sa.JSON(), nullable=False),
        sa.Column("centroid", sa.LargeBinary(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["encoder_id"], ["encoder.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("encoder_id", "key", name="concept_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "concept_run",
        sa.Column("encoder_id", sa.Integer(), nullable=False),
        sa.Column("photos", sa.Integer(), nullable=False),
        sa.Column("newest_photo_id", sa.Integer(), nullable=False),
        sa.Column("labels_digest", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["encoder_id"], ["encoder.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("encoder_id"),
    )
    op.create_table(
        "concept_labels",
        sa.Column("encoder_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("vectors", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["encoder_id"], ["encoder.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("encoder_id"),
    )


def downgrade() -> None:
    """There is no way back but the backup made before the upgrade."""
    raise NotImplementedError
