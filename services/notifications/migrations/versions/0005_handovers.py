"""Notices of handover: which one, and from which day the other place has the child's file."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notices", sa.Column("handover", sa.Uuid(), nullable=True))
    op.add_column("notices", sa.Column("effective_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("notices", "effective_on")
    op.drop_column("notices", "handover")
