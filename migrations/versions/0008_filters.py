"""TODO: to be written, or removed."""

from __future__ import annotations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """There is no way back but the backup made before the upgrade."""
    raise NotImplementedError
