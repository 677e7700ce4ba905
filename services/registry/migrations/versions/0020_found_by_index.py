"""Cases that are open and that a record gave cause for, and alerts that nobody has set a day for, by indexes of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

UNDATED = "child_id IS NULL AND due_on IS NULL AND closed_on IS NULL"


def upgrade() -> None:
    op.drop_index("cases_record", table_name="cases")
    op.create_index(
        "cases_caused",
        "cases",
        ["place", "id"],
        postgresql_where=sa.text("record IS NOT NULL AND state <> 'closed'"),
    )
    op.create_index("alerts_undated", "alerts", ["id"], postgresql_where=sa.text(UNDATED))


def downgrade() -> None:
    op.drop_index("alerts_undated", table_name="alerts")
    op.drop_index("cases_caused", table_name="cases")
    op.create_index(
        "cases_record", "cases", ["place", "id"], postgresql_where=sa.text("record IS NOT NULL")
    )
