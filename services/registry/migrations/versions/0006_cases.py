"""Cases and their acts: reports, referrals, suggestions."""

import sqlalchemy as sa
from alembic import op

from services.registry.migrations import security

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("acted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("case_acts_case", "case_acts", ["case_id", "number"], unique=True)
    op.create_table(
        "cases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("addressee", sa.Text(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=True),
        sa.Column("anchor", sa.Uuid(), nullable=True),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("cases_anchor", "cases", ["anchor"], unique=False)
    op.create_index("cases_place", "cases", ["place", "id"], unique=False)
    op.create_index(
        "cases_waiting",
        "cases",
        ["place", "id"],
        unique=False,
        postgresql_where=sa.text("waiting_since IS NOT NULL"),
    )
    op.create_index(op.f("ix_cases_child_id"), "cases", ["child_id"], unique=False)
    security.cases()


def downgrade() -> None:
    op.drop_index(op.f("ix_cases_child_id"), table_name="cases")
    op.drop_index(
        "cases_waiting", table_name="cases", postgresql_where=sa.text("waiting_since IS NOT NULL")
    )
    op.drop_index("cases_place", table_name="cases")
    op.drop_index("cases_anchor", table_name="cases")
    op.drop_table("cases")
    op.drop_index("case_acts_case", table_name="case_acts")
    op.drop_table("case_acts")
