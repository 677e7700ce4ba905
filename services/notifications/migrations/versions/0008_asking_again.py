"""Whether another hub settles what we accept, and when we last asked it to."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "notices", sa.Column("settles", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("notices", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "notices_unsettled",
        "notices",
        ["ended_at"],
        postgresql_where=sa.text(
            "kind = 'handover' AND direction = 'incoming' AND state = 'answered' AND settled IS NULL"
        ),
    )


def downgrade() -> None:
    raise NotImplementedError("without it a file could pass to a county that nobody tells so")
