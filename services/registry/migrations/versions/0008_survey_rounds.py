"""Survey rounds, how each child stands toward them, and grants of contractors that end by the clock."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.registry.migrations import security

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "survey_rounds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("division", sa.BigInteger(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.BigInteger(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "survey_rounds_division", "survey_rounds", ["division", "opens_on"], unique=False
    )
    op.create_table(
        "survey_standings",
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("made", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
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
        sa.PrimaryKeyConstraint("child_id"),
    )
    op.create_index(
        "survey_standings_residence",
        "survey_standings",
        ["residence_county", "child_id"],
        unique=False,
    )
    op.create_index("survey_standings_place", "survey_standings", ["residence_code"], unique=False)
    op.create_index("outbox_subject", "outbox", ["subject"], unique=False)
    op.add_column(
        "clients",
        sa.Column("contractor", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.add_column("clients", sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("clients", sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True))
    security.survey_rounds_and_contractors()


def downgrade() -> None:
    security.without_contractors()
    for column in ("valid_until", "valid_from", "contractor"):
        op.drop_column("clients", column)
    op.drop_index("outbox_subject", table_name="outbox")
    op.drop_table("survey_standings")
    op.drop_table("survey_rounds")
