"""Cases: the record that gave cause, whether something is still asked, and since when one that was sent again waits."""

import sqlalchemy as sa
from alembic import op

from services.registry.migrations import demanding

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("record", sa.Uuid(), nullable=True))
    op.add_column(
        "cases",
        sa.Column("demanding", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_index(
        "cases_demanding", "cases", ["place", "id"], postgresql_where=sa.text("demanding")
    )
    op.create_index(
        "cases_record", "cases", ["place", "id"], postgresql_where=sa.text("record IS NOT NULL")
    )
    demanding.demanding_cases()


def downgrade() -> None:
    demanding.undemanding_cases()
    op.drop_index("cases_record", table_name="cases")
    op.drop_index("cases_demanding", table_name="cases")
    op.drop_column("cases", "demanding")
    op.drop_column("cases", "record")
