"""Former links go with an erasure alone, a position in the changes bears a MAC, and versions count only what is told."""

import sqlalchemy as sa
from alembic import op

from services.registry.migrations import keeping

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "change_positions",
        sa.Column("mac", sa.LargeBinary(), server_default=sa.text("''::bytea"), nullable=False),
    )
    op.add_column(
        "children",
        sa.Column("told_seq", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
    )
    keeping.kept()


def downgrade() -> None:
    keeping.not_kept()
    op.drop_column("children", "told_seq")
    op.drop_column("change_positions", "mac")
