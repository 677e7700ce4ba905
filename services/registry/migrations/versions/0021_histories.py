"""The histories of posts and of rosters' rows: who held a post, and what had come back, as known at an instant."""

import sqlalchemy as sa
from alembic import op

from services.registry.migrations import histories

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "post_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("division", sa.BigInteger(), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("staff", sa.Text(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("post_acts_post", "post_acts", ["post_id", "number"], unique=True)
    op.create_index("post_acts_place", "post_acts", ["division", "post_id"], unique=False)
    op.create_index(
        "post_acts_trained",
        "post_acts",
        ["staff", "day"],
        unique=False,
        postgresql_where=sa.text("act = 'trained'"),
    )
    op.create_table(
        "roster_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("roster_id", sa.Uuid(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("roster_acts_row", "roster_acts", ["row_id", "at"], unique=False)
    histories.kept()


def downgrade() -> None:
    op.drop_table("roster_acts")
    op.drop_table("post_acts")
