"""What an attacker's reading of the hub left open: what stays of an erased sibling, and who is told of key care."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

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
    op.add_column("child_changes", sa.Column("care", postgresql.ARRAY(sa.Text())))
    mending.mended()


def downgrade() -> None:
    mending.not_mended()
    op.drop_column("child_changes", "care")
    for table in ("alerts", "alert_acts"):
        op.drop_index(f"{table}_sibling", table_name=table)
