"""Children's changes as a feed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.registry.migrations import security

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _changes()


def downgrade() -> None:
    for table in ("change_positions", "child_changes"):
        op.drop_table(table)


def _changes() -> None:
    op.create_table(
        "change_positions",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client"),
    )
    op.create_table(
        "child_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stated_before", postgresql.ARRAY(sa.Text())),
        sa.Column("stated_now", postgresql.ARRAY(sa.Text())),
        sa.Column("position", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", "county"),
    )
    op.create_index("child_changes_county", "child_changes", ["county", "position"])
    op.create_index("child_changes_position", "child_changes", ["position"])
    op.create_index(
        "child_changes_unnumbered",
        "child_changes",
        ["id"],
        postgresql_where=sa.text("position IS NULL"),
    )
    security.changes()
