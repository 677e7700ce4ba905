"""Grants and erasures that only the hub can write, checkpoints of the outbox, blank lines of an import."""

import sqlalchemy as sa
from alembic import op

from services.registry.migrations import security

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox_checkpoints",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.add_column(
        "clients", sa.Column("generation", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("clients", sa.Column("mac", sa.LargeBinary(), nullable=True))
    op.add_column("erasures", sa.Column("mac", sa.LargeBinary(), nullable=True))
    op.add_column(
        "import_jobs", sa.Column("blank", sa.BigInteger(), server_default="0", nullable=False)
    )
    security.second_version()


def downgrade() -> None:
    raise NotImplementedError("without it grants could be forged")
