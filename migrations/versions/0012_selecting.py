"""What selecting needs: hidden photos, the order and the cover of albums, and what can be undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Photos of an album keep the order in which they were shown until now: newest first."""
    op.execute("ALTER TABLE photo ADD COLUMN hidden BOOLEAN NOT NULL DEFAULT 0")
    op.create_index("photo_hidden", "photo", ["timeline_at", "id"], sqlite_where=sa.text("hidden = 1"))
    op.execute("ALTER TABLE album ADD COLUMN cover_photo_id INTEGER")
    op.execute("ALTER TABLE album_photo ADD COLUMN position INTEGER NOT NULL DEFAULT 0")
    op.execute("""
        UPDATE album_photo SET position = placed.number FROM (
            SELECT a.album_id, a.photo_id, row_number() OVER (
                PARTITION BY a.album_id ORDER BY p.timeline_at DESC, p.id DESC) AS number
            FROM album_photo a JOIN photo p ON p.id = a.photo_id
        ) AS placed
        WHERE placed.album_id = album_photo.album_id AND placed.photo_id = album_photo.photo_id
    """)
    op.create_index("album_photo_order", "album_photo", ["album_id", "position", "photo_id"])
    op.create_table(
        "undo_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("album_id", sa.Integer(), nullable=True),
        sa.Column("photo_ids", sa.JSON(), nullable=False),
        sa.Column("positions", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token"),
    )


def downgrade() -> None:
    """There is no way back but the backup made before the upgrade."""
    raise NotImplementedError
