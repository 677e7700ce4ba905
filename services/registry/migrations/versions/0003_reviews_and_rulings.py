"""Reviews that people decide, their rulings, and the moves of links that follow."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.registry.migrations import security

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "link_moves",
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid(), nullable=False),
        sa.Column("gained", sa.Boolean(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person", "other", "gained"),
    )
    op.create_table(
        "match_reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_seq", sa.BigInteger(), nullable=False),
        sa.Column("one", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid(), nullable=False),
        sa.Column("entry", sa.Uuid(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("comparisons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("one_residence_code", sa.BigInteger(), nullable=True),
        sa.Column("one_hukou_code", sa.BigInteger(), nullable=True),
        sa.Column("one_shielded", sa.Boolean(), nullable=False),
        sa.Column("other_residence_code", sa.BigInteger(), nullable=True),
        sa.Column("other_hukou_code", sa.BigInteger(), nullable=True),
        sa.Column("other_shielded", sa.Boolean(), nullable=False),
        sa.Column(
            "shown_weight",
            sa.Float(),
            sa.Computed(
                "CASE WHEN one_shielded OR other_shielded THEN 0 ELSE weight END", persisted=True
            ),
            nullable=True,
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("deferred_until", sa.Date(), nullable=True),
        sa.Column("ruling", sa.Uuid(), nullable=True),
        sa.Column("returned", sa.Text(), nullable=False),
        sa.Column("assigned_client", sa.Text(), nullable=True),
        sa.Column("assigned_actor", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "match_reviews_heaviest",
        "match_reviews",
        ["shown_weight", "id"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "match_reviews_oldest",
        "match_reviews",
        ["opened_at", "id"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("match_reviews_one", "match_reviews", ["one"], unique=False)
    op.create_index("match_reviews_other", "match_reviews", ["other"], unique=False)
    op.create_table(
        "ruling_constraints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ruling", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("one", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("other", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ruling_constraints_ruling", "ruling_constraints", ["ruling", "place"], unique=False
    )
    op.create_table(
        "rulings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("review", sa.Uuid(), nullable=True),
        sa.Column("target", sa.Uuid(), nullable=True),
        sa.Column("one", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid(), nullable=False),
        sa.Column("one_residence_code", sa.BigInteger(), nullable=True),
        sa.Column("one_hukou_code", sa.BigInteger(), nullable=True),
        sa.Column("other_residence_code", sa.BigInteger(), nullable=True),
        sa.Column("other_hukou_code", sa.BigInteger(), nullable=True),
        sa.Column("entries", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("second", sa.Uuid(), nullable=True),
        sa.Column("turn", sa.BigInteger(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("rulings_one", "rulings", ["one"], unique=False)
    op.create_index("rulings_other", "rulings", ["other"], unique=False)
    op.create_index(
        "rulings_pending",
        "rulings",
        ["turn"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("rulings_review", "rulings", ["review"], unique=False)
    op.create_index("rulings_target", "rulings", ["target"], unique=False)
    op.execute("CREATE SEQUENCE ruling_turns")
    security.reviews_and_rulings()


def downgrade() -> None:
    raise NotImplementedError("without it rulings in force could not be taken back")
