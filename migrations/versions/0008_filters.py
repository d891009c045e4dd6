"""What filters need to be fast: folders and names of files, and indexes over what photos have."""

from __future__ import annotations

import os
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from photoindex.folding import fold_path

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_AT_ONCE = 10_000

# The path without what follows its last slash, and without that slash. Taking all but slashes off the end of the path
# comes out wrong for some names that are not UTF-8: then the slashes are looked for one byte after the other.
_TRIMMED = "rtrim(NEW.path, replace(NEW.path, '/', '.'))"
_FOLDER = f"""coalesce(substr(NEW.path, 1, max(CASE
    WHEN {_TRIMMED} = '' THEN 0
    WHEN substr({_TRIMMED}, -1) = '/' THEN octet_length({_TRIMMED}) - 1
    ELSE coalesce((
        SELECT max(at.key) FROM json_each('[0' || replace(hex(zeroblob(length(NEW.path))), '00', ',0') || ']') AS at
        WHERE substr(NEW.path, at.key + 1, 1) = x'2F'
    ), 0) END, 0)), zeroblob(0))"""
_SET_FOLDER = f"""
        INSERT INTO folder (library_id, path) VALUES (NEW.library_id, {_FOLDER}) ON CONFLICT DO NOTHING;
        UPDATE file SET folder_id = (SELECT id FROM folder WHERE library_id = NEW.library_id AND path = {_FOLDER})
            WHERE id = NEW.id;
    END"""
# Triggers, so that no code that writes rows can forget it.
_TRIGGERS = (
    f"CREATE TRIGGER file_folder_insert AFTER INSERT ON file BEGIN {_SET_FOLDER}",
    f"""
    CREATE TRIGGER file_folder_update AFTER UPDATE OF library_id, path ON file
    WHEN OLD.library_id <> NEW.library_id OR OLD.path <> NEW.path BEGIN {_SET_FOLDER}
    """,
)
_PRESENT = "state NOT IN ('failed', 'missing')"
_INDEXES = (
    ("file_name", "file", ["name", "photo_id", "state"], _PRESENT),
    ("file_folder", "file", ["folder_id", "photo_id", "state"], _PRESENT),
    ("photo_camera", "photo", ["camera", "visible"], "camera IS NOT NULL"),
    ("photo_lens", "photo", ["lens", "visible"], "lens IS NOT NULL"),
    ("photo_focal_length", "photo", ["focal_length_mm", "visible"], "focal_length_mm IS NOT NULL"),
    ("photo_f_number", "photo", ["f_number", "visible"], "f_number IS NOT NULL"),
    ("photo_iso", "photo", ["iso", "visible"], "iso IS NOT NULL"),
    ("photo_place", "photo", ["place_id", "visible"], "place_id IS NOT NULL"),
    ("photo_position", "photo", ["latitude", "longitude", "visible"], "latitude IS NOT NULL"),
    ("photo_kind", "photo", ["kind", "visible"], "kind <> 'photo'"),
    ("photo_format", "photo", ["format", "visible"], None),
    ("photo_dimensions", "photo", ["width", "height", "visible"], None),
    ("photo_size", "photo", ["size_bytes", "visible"], None),
    ("photo_duration", "photo", ["duration_seconds", "visible"], "duration_seconds IS NOT NULL"),
    ("photo_indexed", "photo", ["indexed_at", "visible"], None),
    ("photo_rating", "photo", ["rating", "visible"], "rating IS NOT NULL"),
    ("photo_favourite", "photo", ["favourite", "visible"], "favourite = 1"),
    ("photo_motion", "photo", ["motion_offset", "visible"], "motion_offset IS NOT NULL"),
    ("photo_captioned", "photo", ["visible"], "title IS NOT NULL OR caption IS NOT NULL"),
    ("photo_keywords", "photo", ["keywords", "visible"], "keywords <> '[]'"),
    ("photo_people", "photo", ["people", "visible"], "people <> '[]'"),
)


def upgrade() -> None:
    """Fill in what is known of the files there are, then let triggers and the index do it."""
    op.create_table(
        "folder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("library_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["library_id"], ["library.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("library_id", "path", name="folder_path"),
        sqlite_autoincrement=True,
    )
    op.execute("ALTER TABLE file ADD COLUMN name VARCHAR NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE file ADD COLUMN folder_id INTEGER")
    _fill()
    for trigger in _TRIGGERS:
        op.execute(trigger)
    for name, table, columns, where in _INDEXES:
        op.create_index(name, table, columns, sqlite_where=None if where is None else sa.text(where))


def _fill() -> None:
    connection = op.get_bind()
    folders: dict[tuple[int, bytes], int] = {}
    set_both = sa.text("UPDATE file SET name = :name, folder_id = :folder_id WHERE id = :id")
    for rows in _files(connection):
        for row in rows:
            folder = (row.library_id, os.path.dirname(row.path))
            folders.setdefault(folder, len(folders) + 1)
        connection.execute(
            set_both,
            [
                {
                    "id": row.id,
                    "name": fold_path(os.path.basename(row.path)),
                    "folder_id": folders[row.library_id, os.path.dirname(row.path)],
                }
                for row in rows
            ],
        )
    make = sa.text("INSERT INTO folder (id, library_id, path) VALUES (:id, :library_id, :path)")
    for (library_id, path), folder_id in folders.items():
        connection.execute(make, {"id": folder_id, "library_id": library_id, "path": path})


def _files(connection: sa.Connection) -> Iterator[list[sa.Row[tuple[int, int, bytes]]]]:
    """All of them, some at a time: nothing is read while rows are written."""
    query = sa.text("SELECT id, library_id, path FROM file WHERE id > :after ORDER BY id LIMIT :limit")
    after = 0
    while rows := list(connection.execute(query, {"after": after, "limit": _AT_ONCE})):
        yield rows
        after = rows[-1].id


def downgrade() -> None:
    """There is no way back but the backup made before the upgrade."""
    raise NotImplementedError
