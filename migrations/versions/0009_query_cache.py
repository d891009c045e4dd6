"""Embeddings of what people searched for, so that a search made before needs no encoder."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table that can be emptied at any time."""
    op.create_table(
        "query_embedding",
        sa.Column("encoder_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["encoder_id"], ["encoder.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("encoder_id", "key"),
    )
    op.create_index("query_embedding_used", "query_embedding", ["encoder_id", "used_at"])


def downgrade() -> None:
    """There is no way back but the backup made before the upgrade."""
    raise NotImplementedError
