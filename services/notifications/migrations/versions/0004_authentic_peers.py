"""Peers, authorities, answers and messages to peers that only the hub can write."""

import sqlalchemy as sa
from alembic import op

from services.notifications.migrations import security

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("peers", "authorities"):
        op.add_column(
            table, sa.Column("generation", sa.BigInteger(), server_default="0", nullable=False)
        )
        op.add_column(table, sa.Column("mac", sa.LargeBinary(), nullable=True))
    op.add_column("notices", sa.Column("answered_for", sa.Uuid(), nullable=True))
    op.add_column("notices", sa.Column("answer_mac", sa.LargeBinary(), nullable=True))
    op.add_column("deliveries", sa.Column("mac", sa.LargeBinary(), nullable=True))
    security.registered_rows()


def downgrade() -> None:
    raise NotImplementedError("without it peers and answers could be forged")
