"""Two times: what links were known when, by which rules; figures that are frozen with both."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.registry.migrations import security

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Since when today's links have been known nobody wrote down: they are taken to have held all along.
    op.add_column(
        "links",
        sa.Column(
            "taken_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.text("'epoch'"),
        ),
    )
    op.alter_column("links", "taken_at", server_default=sa.text("clock_timestamp()"))
    op.create_table(
        "former_links",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("link_seq", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", "link_seq"),
    )
    op.create_index("former_links_person", "former_links", ["person"], unique=False)
    op.create_index(
        "records_elsewhere",
        "records",
        ["residence_code"],
        unique=False,
        postgresql_where=sa.text("residence_code / 1000000 <> division / 1000000"),
    )
    op.create_table(
        "rulebooks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("files", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("rulebooks_fingerprint", "rulebooks", ["fingerprint"], unique=False)
    op.create_table(
        "figures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("revises", sa.Uuid(), nullable=True),
        sa.Column("division", sa.BigInteger(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("valid_on", sa.Date(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pilot", sa.Boolean(), nullable=False),
        sa.Column("rulebook", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("smallest", sa.Integer(), nullable=False),
        sa.Column("configured", sa.Boolean(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "figures_waiting",
        "figures",
        ["attempts", "id"],
        unique=False,
        postgresql_where=sa.text("computed_at IS NULL"),
    )
    op.create_index("figures_revises", "figures", ["revises", "id"], unique=False)
    security.two_times()


def downgrade() -> None:
    op.drop_table("figures")
    op.drop_table("rulebooks")
    op.drop_index("records_elsewhere", table_name="records")
    op.drop_table("former_links")
    op.drop_column("links", "taken_at")
