"""Alerts, what people did about them, and the gist of a child"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.registry.migrations import security

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "alert_acts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=True),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("acted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alert_acts_alert", "alert_acts", ["alert_id"], unique=False)
    op.create_index("alert_acts_anchor", "alert_acts", ["anchor"], unique=False)
    op.create_index(op.f("ix_alert_acts_child_id"), "alert_acts", ["child_id"], unique=False)
    op.create_table(
        "alerts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column(
            "due_rank",
            sa.Integer(),
            sa.Computed(
                "coalesce(due_on - '2000-01-01'::date, 1000000000 + (raised_on - '2000-01-01'::date))",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("entry", sa.Uuid(), nullable=True),
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
    op.create_index("alerts_child", "alerts", ["child_id"], unique=False)
    op.create_index(
        "alerts_entry",
        "alerts",
        ["entry"],
        unique=False,
        postgresql_where=sa.text("entry IS NOT NULL"),
    )
    op.create_index("alerts_place", "alerts", ["residence_code"], unique=False)
    op.create_index(
        "alerts_residence", "alerts", ["residence_county", "due_rank", "id"], unique=False
    )
    op.create_index(
        "alerts_waiting",
        "alerts",
        ["residence_county", "due_rank", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('open', 'acknowledged')"),
    )
    op.add_column(
        "children",
        sa.Column("gist", sa.LargeBinary(), server_default=sa.text("''::bytea"), nullable=False),
    )
    security.alerts()


def downgrade() -> None:

    op.drop_column("children", "gist")
    op.drop_index(
        "alerts_waiting",
        table_name="alerts",
        postgresql_where=sa.text("state IN ('open', 'acknowledged')"),
    )
    op.drop_index("alerts_residence", table_name="alerts")
    op.drop_index("alerts_place", table_name="alerts")
    op.drop_index(
        "alerts_entry", table_name="alerts", postgresql_where=sa.text("entry IS NOT NULL")
    )
    op.drop_index("alerts_child", table_name="alerts")
    op.drop_table("alerts")
    op.drop_index(op.f("ix_alert_acts_child_id"), table_name="alert_acts")
    op.drop_index("alert_acts_anchor", table_name="alert_acts")
    op.drop_index("alert_acts_alert", table_name="alert_acts")
    op.drop_table("alert_acts")
