"""What the timeline needs: a photo's colour, shown until its picture is there, and how many photos each month has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _add(month: str) -> str:
    return f"""
        INSERT INTO month_tally (month, photos) VALUES (substr({month}, 1, 7), 1)
            ON CONFLICT DO UPDATE SET photos = photos + 1;"""


def _take(month: str) -> str:
    return f"""
        UPDATE month_tally SET photos = photos - 1 WHERE month = substr({month}, 1, 7);
        DELETE FROM month_tally WHERE month = substr({month}, 1, 7) AND photos <= 0;"""


_OLD, _NEW = "OLD.timeline_at", "NEW.timeline_at"
# Triggers, so that no code that writes rows can forget to count them.
_TRIGGERS = (
    f"CREATE TRIGGER month_tally_insert AFTER INSERT ON photo WHEN NEW.visible BEGIN {_add(_NEW)} END",
    f"CREATE TRIGGER month_tally_delete AFTER DELETE ON photo WHEN OLD.visible BEGIN {_take(_OLD)} END",
    f"""
    CREATE TRIGGER month_tally_show AFTER UPDATE OF visible ON photo WHEN NEW.visible AND NOT OLD.visible BEGIN
        {_add(_NEW)} END
    """,
    f"""
    CREATE TRIGGER month_tally_hide AFTER UPDATE OF visible ON photo WHEN OLD.visible AND NOT NEW.visible BEGIN
        {_take(_OLD)} END
    """,
    f"""
    CREATE TRIGGER month_tally_date AFTER UPDATE OF timeline_at ON photo
    WHEN OLD.visible AND NEW.visible AND substr({_OLD}, 1, 7) <> substr({_NEW}, 1, 7) BEGIN
        {_take(_OLD)} {_add(_NEW)} END
    """,
)


def upgrade() -> None:
    """Count once, and let triggers count from then on. The daemon fills the colours in, from thumbnails."""
    op.execute("ALTER TABLE photo ADD COLUMN colour INTEGER")
    op.create_index("photo_colourless", "photo", ["id"], sqlite_where=sa.text("colour IS NULL"))
    op.create_table(
        "month_tally",
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("photos", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("month"),
    )
    op.execute("INSERT INTO month_tally SELECT substr(timeline_at, 1, 7), count(*) FROM photo WHERE visible GROUP BY 1")
    for trigger in _TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    """There is no way back but the backup made before the upgrade."""
    raise NotImplementedError
