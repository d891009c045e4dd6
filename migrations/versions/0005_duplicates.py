"""Fingerprints of pictures, groups of photos that are alike, and what was said to be different."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Triggers, as a photo may go by a foreign key, and so that no code that hides or shows one can forget its groups.
_TRIGGERS = (
    """
    CREATE TRIGGER photo_undecided_update AFTER UPDATE OF visible, taken_at, camera ON photo
    WHEN OLD.visible <> NEW.visible
        OR (NEW.visible AND (OLD.taken_at IS NOT NEW.taken_at OR OLD.camera IS NOT NEW.camera)) BEGIN
        INSERT INTO undecided (photo_id) VALUES (NEW.id);
    END
    """,
    # Before, as its own row goes by a foreign key, and would then no longer tell which group it was in.
    """
    CREATE TRIGGER photo_undecided_delete BEFORE DELETE ON photo BEGIN
        INSERT INTO undecided (photo_id) SELECT other.photo_id
            FROM likeness mine JOIN likeness other ON other.kind = mine.kind AND other.key_id = mine.key_id
            WHERE mine.photo_id = OLD.id AND other.photo_id <> OLD.id;
    END
    """,
)


def upgrade() -> None:
    """Add the tables. Every photo shown is undecided: the daemon makes its fingerprint from its thumbnail."""
    op.create_table(
        "fingerprint",
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("photo_id"),
    )
    op.create_table(
        "likeness",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("photo_id", "kind"),
    )
    op.create_index("likeness_group", "likeness", ["kind", "key_id"], unique=False)
    op.create_table(
        "undecided",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("undecided_photo", "undecided", ["photo_id"], unique=False)
    op.create_table(
        "dismissal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("dismissed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "dismissed_photo",
        sa.Column("photo_id", sa.Integer(), nullable=False),
        sa.Column("dismissal_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["dismissal_id"], ["dismissal.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("photo_id", "dismissal_id"),
    )
    op.create_index("dismissed_photo_dismissal", "dismissed_photo", ["dismissal_id"], unique=False)
    op.execute("INSERT INTO undecided (photo_id) SELECT id FROM photo WHERE visible ORDER BY id")
    for trigger in _TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """There is no way back but the backup made before the upgrade."""
    raise NotImplementedError
