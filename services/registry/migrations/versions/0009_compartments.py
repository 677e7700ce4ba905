"""Compartments: entries and their acts."""

import sqlalchemy as sa
from alembic import op

from services.registry.migrations import security

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compartment_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("acted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("sealed_level", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "compartment_acts_entry", "compartment_acts", ["entry_id", "number"], unique=True
    )
    op.create_table(
        "compartment_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("compartment", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("sealed_level", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("compartment_entries_anchor", "compartment_entries", ["anchor"], unique=False)
    op.create_index(
        "compartment_entries_place",
        "compartment_entries",
        ["compartment", "place", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_compartment_entries_child_id"), "compartment_entries", ["child_id"], unique=False
    )
    security.compartments()


def downgrade() -> None:
    # Acts first: their policy looks at the entries.
    op.drop_table("compartment_acts")
    op.drop_table("compartment_entries")
