"""Which photos' words have changed, so that the daemon writes their row of the full-text table anew.

That table itself is made by the daemon (photoindex/words.py): it is derived, and can be made anew at any time.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Triggers, as in 0003. A place's names never change: other names are another place. `gone` is set only where a photo
# itself is hidden or deleted, so that searches leave it out before its row is.
_STALE = "INSERT INTO words_stale (photo_id, gone)"
_TRIGGERS = (
    f"""
    CREATE TRIGGER words_photo_insert AFTER INSERT ON photo WHEN NEW.visible BEGIN
        {_STALE} VALUES (NEW.id, 0) ON CONFLICT DO UPDATE SET gone = 0;
    END
    """,
    f"""
    CREATE TRIGGER words_photo_update
    AFTER UPDATE OF visible, title, caption, keywords, people, camera, lens, place_id ON photo
    WHEN OLD.visible <> NEW.visible OR (NEW.visible AND (
        OLD.title IS NOT NEW.title OR OLD.caption IS NOT NEW.caption OR OLD.keywords IS NOT NEW.keywords
        OR OLD.people IS NOT NEW.people OR OLD.camera IS NOT NEW.camera OR OLD.lens IS NOT NEW.lens
        OR OLD.place_id IS NOT NEW.place_id
    )) BEGIN
        {_STALE} VALUES (NEW.id, NOT NEW.visible) ON CONFLICT DO UPDATE SET gone = excluded.gone;
    END
    """,
    # Before, as files let go of the photo by a foreign key, and their trigger would mark it first.
    f"""
    CREATE TRIGGER words_photo_delete BEFORE DELETE ON photo BEGIN
        {_STALE} VALUES (OLD.id, 1) ON CONFLICT DO UPDATE SET gone = 1;
    END
    """,
    f"""
    CREATE TRIGGER words_file_insert AFTER INSERT ON file WHEN NEW.photo_id IS NOT NULL BEGIN
        {_STALE} VALUES (NEW.photo_id, 0) ON CONFLICT DO NOTHING;
    END
    """,
    f"""
    CREATE TRIGGER words_file_delete AFTER DELETE ON file WHEN OLD.photo_id IS NOT NULL BEGIN
        {_STALE} VALUES (OLD.photo_id, 0) ON CONFLICT DO NOTHING;
    END
    """,
    f"""
    CREATE TRIGGER words_file_update AFTER UPDATE OF library_id, path, photo_id, state ON file
    WHEN OLD.library_id <> NEW.library_id OR OLD.path <> NEW.path OR OLD.photo_id IS NOT NEW.photo_id
        OR (OLD.state IN ('pending', 'indexed')) <> (NEW.state IN ('pending', 'indexed')) BEGIN
        {_STALE} SELECT OLD.photo_id, 0 WHERE OLD.photo_id IS NOT NULL ON CONFLICT DO NOTHING;
        {_STALE} SELECT NEW.photo_id, 0 WHERE NEW.photo_id IS NOT NULL ON CONFLICT DO NOTHING;
    END
    """,
    f"""
    CREATE TRIGGER words_library_update AFTER UPDATE OF name ON library WHEN OLD.name <> NEW.name BEGIN
        {_STALE} SELECT photo_id, 0 FROM file WHERE library_id = NEW.id AND photo_id IS NOT NULL
            ON CONFLICT DO NOTHING;
    END
    """,
    f"""
    CREATE TRIGGER words_album_insert AFTER INSERT ON album_photo BEGIN
        {_STALE} VALUES (NEW.photo_id, 0) ON CONFLICT DO NOTHING;
    END
    """,
    f"""
    CREATE TRIGGER words_album_delete AFTER DELETE ON album_photo BEGIN
        {_STALE} VALUES (OLD.photo_id, 0) ON CONFLICT DO NOTHING;
    END
    """,
    f"""
    CREATE TRIGGER words_album_update AFTER UPDATE OF name ON album WHEN OLD.name <> NEW.name BEGIN
        {_STALE} SELECT photo_id, 0 FROM album_photo WHERE album_id = NEW.id ON CONFLICT DO NOTHING;
    END
    """,
)


def upgrade() -> None:
    """Mark every photo that is shown: the daemon works them off. Who makes a table anew makes its triggers anew."""
    op.create_table(
        "words_stale",
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("photo_id"),
    )
    op.create_index("words_stale_gone", "words_stale", ["gone"], sqlite_where=sa.text("gone"))
    op.execute("INSERT INTO words_stale SELECT id, 0 FROM photo WHERE visible")
    for trigger in _TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """There is no way back but the backup made before the upgrade."""
    raise NotImplementedError
