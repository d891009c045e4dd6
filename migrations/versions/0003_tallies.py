"""Counts that are kept, so that the status of a million photos is read in a millisecond."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Triggers, as a file row may go by a foreign key, and so that no code that writes rows can forget to count them.
_TRIGGERS = (
    """
    CREATE TRIGGER file_tally_insert AFTER INSERT ON file BEGIN
        INSERT INTO file_tally (library_id, state, files) VALUES (NEW.library_id, NEW.state, 1)
            ON CONFLICT DO UPDATE SET files = files + 1;
    END
    """,
    """
    CREATE TRIGGER file_tally_delete AFTER DELETE ON file BEGIN
        UPDATE file_tally SET files = files - 1 WHERE library_id = OLD.library_id AND state = OLD.state;
    END
    """,
    """
    CREATE TRIGGER file_tally_update AFTER UPDATE OF library_id, state ON file
    WHEN OLD.library_id <> NEW.library_id OR OLD.state <> NEW.state BEGIN
        UPDATE file_tally SET files = files - 1 WHERE library_id = OLD.library_id AND state = OLD.state;
        INSERT INTO file_tally (library_id, state, files) VALUES (NEW.library_id, NEW.state, 1)
            ON CONFLICT DO UPDATE SET files = files + 1;
    END
    """,
    """
    CREATE TRIGGER photo_tally_insert AFTER INSERT ON photo BEGIN
        UPDATE photo_tally SET photos = photos + 1 WHERE visible = NEW.visible;
    END
    """,
    # Before, as the embeddings go with the photo by a foreign key, and the trigger of theirs then finds no photo.
    """
    CREATE TRIGGER photo_tally_delete BEFORE DELETE ON photo BEGIN
        UPDATE photo_tally SET photos = photos - 1 WHERE visible = OLD.visible;
        UPDATE embedding_tally SET photos = photos - 1 WHERE OLD.visible AND encoder_id IN
            (SELECT encoder_id FROM embedding WHERE photo_id = OLD.id AND frame = 0);
    END
    """,
    """
    CREATE TRIGGER photo_tally_update AFTER UPDATE OF visible ON photo WHEN OLD.visible <> NEW.visible BEGIN
        UPDATE photo_tally SET photos = photos + CASE visible WHEN NEW.visible THEN 1 ELSE -1 END;
        UPDATE embedding_tally SET photos = photos + CASE WHEN NEW.visible THEN 1 ELSE -1 END WHERE encoder_id IN
            (SELECT encoder_id FROM embedding WHERE photo_id = NEW.id AND frame = 0);
    END
    """,
    """
    CREATE TRIGGER embedding_tally_insert AFTER INSERT ON embedding WHEN NEW.frame = 0 BEGIN
        INSERT INTO embedding_tally (encoder_id, photos)
            VALUES (NEW.encoder_id, (SELECT count(*) FROM photo WHERE id = NEW.photo_id AND visible))
            ON CONFLICT DO UPDATE SET photos = photos + excluded.photos;
    END
    """,
    """
    CREATE TRIGGER embedding_tally_delete AFTER DELETE ON embedding WHEN OLD.frame = 0 BEGIN
        UPDATE embedding_tally SET photos = photos - 1
            WHERE encoder_id = OLD.encoder_id AND (SELECT visible FROM photo WHERE id = OLD.photo_id);
    END
    """,
)


def upgrade() -> None:
    """Count once, and let triggers count from then on. Who makes one of the tables anew makes its triggers anew."""
    op.create_table(
        "file_tally",
        sa.Column("library_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["library_id"], ["library.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("library_id", "state"),
    )
    op.create_table(
        "photo_tally",
        sa.Column("visible", sa.Boolean(), nullable=False),
        sa.Column("photos", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("visible"),
    )
    op.create_table(
        "embedding_tally",
        sa.Column("encoder_id", sa.Integer(), nullable=False),
        sa.Column("photos", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["encoder_id"], ["encoder.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("encoder_id"),
    )
    op.execute("INSERT INTO file_tally SELECT library_id, state, count(*) FROM file GROUP BY library_id, state")
    for visible in (0, 1):
        op.execute(f"INSERT INTO photo_tally SELECT {visible}, count(*) FROM photo WHERE visible = {visible}")
    op.execute(
        "INSERT INTO embedding_tally SELECT encoder_id, count(*) FROM embedding JOIN photo ON photo.id = photo_id "
        "WHERE frame = 0 AND visible GROUP BY encoder_id"
    )
    for trigger in _TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """There is no way back but the backup made before the upgrade."""
    raise NotImplementedError
