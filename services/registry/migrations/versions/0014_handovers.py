"""Handovers: what people did, and what the fold makes of it."""

import sqlalchemy as sa
from alembic import op

from services.registry.migrations import security

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handover_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("handover_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("giving", sa.BigInteger(), nullable=False),
        sa.Column("taking", sa.BigInteger(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("acted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "handover_acts_handover", "handover_acts", ["handover_id", "number"], unique=True
    )
    op.create_index("handover_acts_anchor", "handover_acts", ["anchor"], unique=False)
    op.create_index(op.f("ix_handover_acts_child_id"), "handover_acts", ["child_id"], unique=False)
    op.create_table(
        "handovers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("giving", sa.BigInteger(), nullable=False),
        sa.Column("taking", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("acts", sa.Integer(), nullable=False),
        sa.Column("shielded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("handovers_giving", "handovers", ["giving", "id"], unique=False)
    op.create_index("handovers_taking", "handovers", ["taking", "id"], unique=False)
    op.create_index(op.f("ix_handovers_child_id"), "handovers", ["child_id"], unique=False)
    security.handovers()


def downgrade() -> None:
    op.drop_table("handovers")
    op.drop_table("handover_acts")
