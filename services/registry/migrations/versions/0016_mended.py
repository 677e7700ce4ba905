"""What an attacker's reading of the hub left open: what stays of an erased sibling."""

import sqlalchemy as sa
from alembic import op

from services.registry.migrations import mending

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("alerts", "alert_acts"):
        op.create_index(
            f"{table}_sibling",
            table,
            [sa.text('"left"(cause, 32)')],
            postgresql_where=sa.text("kind = 'sibling_in_care'"),
        )
    mending.mended()


def downgrade() -> None:
    mending.not_mended()
    for table in ("alerts", "alert_acts"):
        op.drop_index(f"{table}_sibling", table_name=table)
