"""What an attacker's reading of the hub left open: an erased sibling, who is told of key care, what bore no MAC."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.registry.migrations import mending

revision = "0017"
down_revision = "0016"
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
    for table in ("child_changes", "survey_rounds", "former_links"):
        op.add_column(
            table,
            sa.Column("mac", sa.LargeBinary(), server_default=sa.text("''::bytea"), nullable=False),
        )
    for table in ("roster_rows", "roster_readings"):
        op.add_column(
            table,
            sa.Column("generation", sa.Integer(), server_default=sa.text("0"), nullable=False),
        )
    mending.mended()


def downgrade() -> None:
    mending.not_mended()
    for table in ("roster_rows", "roster_readings"):
        op.drop_column(table, "generation")
    for table in ("child_changes", "survey_rounds", "former_links"):
        op.drop_column(table, "mac")
    op.drop_column("child_changes", "care")
    for table in ("alerts", "alert_acts"):
        op.drop_index(f"{table}_sibling", table_name=table)
