"""Whoever grew out of counting is found by an index of its own: the list of whom to prompt walks it."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "children_aged_out",
        "children",
        ["id"],
        unique=False,
        postgresql_where=sa.text("status = 'aged_out'"),
    )


def downgrade() -> None:
    op.drop_index("children_aged_out", table_name="children")
