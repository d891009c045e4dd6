"""Videos with several embeddings, raw files and other companions, richer metadata, places, favourites, albums."""

from __future__ import annotations

import os

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables.

    Files get a change time of 0, which no file has: the next scan finds each of them changed and reads it again for
    its metadata. What has an embedding is not encoded again.
    """
    op.create_table(
        "place",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("geoname_id", sa.Integer(), nullable=False),
        sa.Column("city", sa.String(), nullable=True),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("city_fr", sa.String(), nullable=True),
        sa.Column("region_fr", sa.String(), nullable=True),
        sa.Column("country_fr", sa.String(), nullable=False),
        sa.Column("country_code", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("place_geoname", "place", ["geoname_id"], unique=False)
    op.create_table(
        "album",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "album_photo",
        sa.Column("album_id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["album_id"], ["album.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("album_id", "photo_id"),
    )
    op.create_index("album_photo_photo", "album_photo", ["photo_id"], unique=False)
    for definition in (
        "duration_seconds DOUBLE",
        "taken_at_source VARCHAR",
        "place_id INTEGER",
        "title VARCHAR",
        "caption VARCHAR",
        "keywords JSON NOT NULL DEFAULT '[]'",
        "people JSON NOT NULL DEFAULT '[]'",
        "rating INTEGER",
        "motion_offset BIGINT",
        "motion_bytes BIGINT",
        "pairing_id VARCHAR",
        "favourite BOOLEAN NOT NULL DEFAULT 0",
    ):
        op.execute(f"ALTER TABLE photo ADD COLUMN {definition}")
    op.execute("UPDATE photo SET taken_at_source = 'exif' WHERE taken_at IS NOT NULL")
    for definition in (
        "ctime_ns BIGINT NOT NULL DEFAULT 0",
        "sidecar_ns BIGINT NOT NULL DEFAULT 0",
        "stem BLOB NOT NULL DEFAULT x''",
        "companion_of INTEGER",
    ):
        op.execute(f"ALTER TABLE file ADD COLUMN {definition}")
    connection = op.get_bind()
    connection.execute(
        sa.text("UPDATE file SET stem = :stem WHERE id = :id"),
        [
            {"id": row.id, "stem": os.path.splitext(row.path)[0].lower()}
            for row in connection.execute(sa.text("SELECT id, path FROM file"))
        ]
        or [{"id": 0, "stem": b""}],
    )
    op.create_index("file_stem", "file", ["library_id", "stem"], unique=False)
    op.create_index("file_companion_of", "file", ["companion_of"], unique=False)
    op.execute("DROP INDEX embedding_photo")
    op.execute("ALTER TABLE embedding RENAME TO embedding_0001")
    op.create_table(
        "embedding",
        sa.Column("encoder_id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("frame", sa.Integer(), nullable=False),
        sa.Column("at_seconds", sa.Double(), nullable=True),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["encoder_id"], ["encoder.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("encoder_id", "photo_id", "frame"),
    )
    op.execute(
        "INSERT INTO embedding (encoder_id, photo_id, frame, vector) "
        "SELECT encoder_id, photo_id, 0, vector FROM embedding_0001 ORDER BY encoder_id, photo_id"
    )
    op.execute("DROP TABLE embedding_0001")
    op.create_index("embedding_photo", "embedding", ["photo_id"], unique=False)


def downgrade() -> None:
    """There is no way back but the backup made before the upgrade."""
    raise NotImplementedError
