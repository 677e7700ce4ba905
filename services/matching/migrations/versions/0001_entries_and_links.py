"""entries, blocking keys, links, link changes, reviews"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.migrations import runtime_role

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA vault")
    op.create_table(
        "entries",
        sa.Column("entry", sa.Uuid(), primary_key=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("keys", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "blocking_keys",
        sa.Column("key", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("entry", sa.Uuid(), primary_key=True),
    )
    op.create_table(
        "data_keys",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("master", sa.SmallInteger(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        schema="vault",
    )
    op.create_table(
        "persons",
        sa.Column("person", sa.Uuid(), primary_key=True),
        sa.Column("joined_to", sa.Uuid(), nullable=True),
    )
    op.create_table(
        "links",
        sa.Column("entry", sa.Uuid(), primary_key=True),
        sa.Column("person", sa.Uuid(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("link_seq", sa.BigInteger(), nullable=False),
        sa.Column("against", sa.Uuid(), nullable=True),
        sa.Column("levels", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("weights", postgresql.ARRAY(sa.Float()), nullable=False),
    )
    op.create_index(
        "links_person", "links", ["person"], postgresql_where=sa.text("person IS NOT NULL")
    )
    op.create_table(
        "link_changes",
        sa.Column("link_seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("entry", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "reviews",
        sa.Column("entry", sa.Uuid(), primary_key=True),
        sa.Column("candidate", sa.Uuid(), primary_key=True),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("levels", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("weights", postgresql.ARRAY(sa.Float()), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_reviews_candidate", "reviews", ["candidate"])

    role = runtime_role()
    op.execute(f"GRANT USAGE ON SCHEMA vault TO {role}")
    changing = "entries, blocking_keys, vault.data_keys, links, reviews"
    op.execute(f"GRANT SELECT, INSERT, DELETE ON {changing} TO {role}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON persons TO {role}")
    op.execute(f"GRANT SELECT, INSERT ON link_changes TO {role}")


def downgrade() -> None:
    for table in ("reviews", "link_changes", "links", "persons", "blocking_keys", "entries"):
        op.drop_table(table)
    op.drop_table("data_keys", schema="vault")
    op.execute("DROP SCHEMA vault")
