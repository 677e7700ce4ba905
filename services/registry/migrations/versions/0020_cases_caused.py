"""Cases: those that are open and that a record gave cause for are found by an index of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("cases_record", table_name="cases")
    op.create_index(
        "cases_caused",
        "cases",
        ["place", "id"],
        postgresql_where=sa.text("record IS NOT NULL AND state <> 'closed'"),
    )


def downgrade() -> None:
    op.drop_index("cases_caused", table_name="cases")
    op.create_index(
        "cases_record", "cases", ["place", "id"], postgresql_where=sa.text("record IS NOT NULL")
    )
