"""Duties, the posts to which they go, and a digest of what is told of a child."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.registry.migrations import security

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "duties",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("begun_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column(
            "due_rank",
            sa.Integer(),
            sa.Computed("coalesce(due_on - '2000-01-01'::date, 2147483647)", persisted=True),
            nullable=True,
        ),
        sa.Column("done_on", postgresql.ARRAY(sa.Date()), nullable=False),
        sa.Column("residence_code", sa.BigInteger(), nullable=True),
        sa.Column("hukou_code", sa.BigInteger(), nullable=True),
        sa.Column(
            "residence_county",
            sa.BigInteger(),
            sa.Computed("residence_code / 1000000", persisted=True),
            nullable=True,
        ),
        sa.Column("residence_stated_by", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("hukou_stated_by", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("duties_child", "duties", ["child_id"], unique=False)
    op.create_index("duties_place", "duties", ["residence_code"], unique=False)
    op.create_index(
        "duties_overdue",
        "duties",
        ["residence_county", "due_rank", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'overdue'"),
    )
    op.create_index(
        "duties_residence", "duties", ["residence_county", "due_rank", "id"], unique=False
    )
    op.create_index(
        "duties_without_interval",
        "duties",
        ["residence_county", "due_rank", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'interval_not_configured'"),
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("division", sa.BigInteger(), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("staff", sa.Text(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("posts_place", "posts", ["division", "kind", "seat"], unique=True)
    op.create_table(
        "trainings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=False),
        sa.Column("division", sa.BigInteger(), nullable=False),
        sa.Column("staff", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_trainings_post_id"), "trainings", ["post_id"], unique=False)
    op.create_index("trainings_staff", "trainings", ["staff", "held_on"], unique=False)
    op.create_table(
        "calendar_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("division", sa.BigInteger(), nullable=False),
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("participants", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "calendar_acts_place", "calendar_acts", ["division", "duty", "done_on"], unique=False
    )
    op.add_column(
        "children",
        sa.Column("told", sa.LargeBinary(), server_default=sa.text("''::bytea"), nullable=False),
    )
    security.duties_and_posts()


def downgrade() -> None:
    op.drop_table("calendar_acts")
    op.drop_column("children", "told")
    op.drop_index("trainings_staff", table_name="trainings")
    op.drop_index(op.f("ix_trainings_post_id"), table_name="trainings")
    op.drop_table("trainings")
    op.drop_index("posts_place", table_name="posts")
    op.drop_table("posts")
    op.drop_index(
        "duties_without_interval",
        table_name="duties",
        postgresql_where=sa.text("state = 'interval_not_configured'"),
    )
    op.drop_index("duties_residence", table_name="duties")
    op.drop_index(
        "duties_overdue", table_name="duties", postgresql_where=sa.text("state = 'overdue'")
    )
    op.drop_index("duties_place", table_name="duties")
    op.drop_index("duties_child", table_name="duties")
    op.drop_table("duties")
