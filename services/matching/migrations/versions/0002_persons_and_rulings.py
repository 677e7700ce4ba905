"""persons as documents, keys by person, reviews between persons, rulings

All that matching held before can be learnt again: the registry resolves its entries anew after this
revision (`hutong linkage resend`), so the old tables are replaced, not converted.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.migrations import runtime_role

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for table in ("reviews", "link_changes", "links", "persons", "blocking_keys", "entries"):
        op.drop_table(table)
    op.drop_table("data_keys", schema="vault")
    op.execute("DROP SCHEMA vault")
    op.create_table(
        "entries",
        sa.Column("entry", sa.Uuid(), primary_key=True),
        sa.Column("version", sa.BigInteger()),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("person", sa.Uuid()),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("link_seq", sa.BigInteger(), nullable=False),
        sa.Column("arrival", sa.BigInteger(), nullable=False),
        sa.Column("against", sa.Uuid()),
        sa.Column("levels", sa.Text(), nullable=False),
        sa.Column("weights", postgresql.ARRAY(sa.Float()), nullable=False),
        sa.Column("crowded", sa.SmallInteger(), nullable=False),
    )
    op.create_table(
        "persons",
        sa.Column("person", sa.Uuid(), primary_key=True),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("joined_to", sa.Uuid()),
    )
    op.create_index(
        "persons_joined",
        "persons",
        ["joined_to"],
        postgresql_where=sa.text("joined_to IS NOT NULL"),
    )
    op.create_table(
        "blocking_keys",
        sa.Column("key", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("person", sa.Uuid(), primary_key=True),
    )
    op.create_table(
        "link_changes",
        sa.Column("link_seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("entry", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Uuid()),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
    )
    op.create_table(
        "reviews",
        sa.Column("review", sa.Uuid(), primary_key=True),
        sa.Column("one", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid(), nullable=False),
        sa.Column("entry", sa.Uuid(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("levels", sa.Text(), nullable=False),
        sa.Column("weights", postgresql.ARRAY(sa.Float()), nullable=False),
        sa.Column("review_seq", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", _INSTANT, nullable=False),
        sa.Column("closed_at", _INSTANT),
    )
    for side in ("one", "other"):
        op.create_index(
            f"reviews_{side}", "reviews", [side], postgresql_where=sa.text("closed_at IS NULL")
        )
    op.create_index("reviews_seq", "reviews", ["review_seq"], unique=True)
    op.create_table(
        "rulings",
        sa.Column("ruling", sa.Uuid(), primary_key=True),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("one", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("other", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("withdrawn_at", _INSTANT),
    )
    op.create_table(
        "ruling_entries",
        sa.Column("entry", sa.Uuid(), primary_key=True),
        sa.Column("ruling", sa.Uuid(), primary_key=True),
    )
    # A person's row is rewritten in place whenever an entry joins it.
    op.execute("ALTER TABLE persons SET (fillfactor = 75)")

    role = runtime_role()
    changing = "entries, persons, reviews"
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON {changing} TO {role}")
    op.execute(f"GRANT DELETE ON reviews TO {role}")
    op.execute(f"GRANT SELECT, INSERT, DELETE ON blocking_keys, ruling_entries TO {role}")
    op.execute(f"GRANT SELECT, INSERT ON link_changes, rulings TO {role}")
    op.execute(f"GRANT UPDATE (withdrawn_at) ON rulings TO {role}")


def downgrade() -> None:
    raise NotImplementedError(
        "matching learns its links again from the registry; see the docstring"
    )
