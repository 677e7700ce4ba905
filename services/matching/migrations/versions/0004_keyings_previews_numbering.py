"""keyings, which persons are found by; previews of what another model would change; where numbering goes on"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.migrations import runtime_role

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "keyings",
        sa.Column("keying", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("index_key", sa.SmallInteger(), nullable=False),
        sa.Column("rules", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("retired_at", _INSTANT),
    )
    op.create_index(
        "keyings_current",
        "keyings",
        ["is_current"],
        unique=True,
        postgresql_where=sa.text("is_current"),
    )
    op.add_column(
        "persons", sa.Column("keying", sa.SmallInteger(), nullable=False, server_default="1")
    )
    op.alter_column("persons", "keying", server_default=None)
    op.create_table(
        "previews",
        sa.Column("preview", sa.Uuid(), primary_key=True),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("link_seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("counts", postgresql.JSONB(), nullable=False),
        sa.Column("applied_at", _INSTANT),
    )
    op.create_table(
        "preview_groups",
        sa.Column("preview", sa.Uuid(), primary_key=True),
        sa.Column("place", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("persons", postgresql.ARRAY(sa.Uuid()), nullable=False),
    )
    op.create_table(
        "numbering",
        sa.Column("is_only", sa.Boolean(), primary_key=True),
        sa.Column("link_seq", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.BigInteger(), nullable=False),
        sa.Column("review_seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("is_only", name="numbering_is_only"),
    )
    op.execute("INSERT INTO numbering VALUES (true, 0, 0, 0)")
    # Who runs the service makes the first keying; all else here is done as the owner.
    op.execute(f"GRANT SELECT, INSERT ON keyings TO {runtime_role()}")
    op.execute(f"GRANT SELECT ON numbering TO {runtime_role()}")


def downgrade() -> None:
    for table in ("numbering", "preview_groups", "previews", "keyings"):
        op.drop_table(table)
    op.drop_column("persons", "keying")
