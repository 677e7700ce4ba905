"""what the newest changes of persons touched: a batch looks up again only what changed since it looked before its turn"""

import sqlalchemy as sa
from alembic import op

from shared.migrations import runtime_role

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "touches",
        sa.Column("place", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("keys", sa.LargeBinary(), nullable=False),
        sa.Column("persons", sa.LargeBinary(), nullable=False),
    )
    # Hashes and ids are random, and would be tried to compress at every write.
    for column in ("keys", "persons"):
        op.execute(f"ALTER TABLE touches ALTER COLUMN {column} SET STORAGE EXTERNAL")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON touches TO {runtime_role()}")


def downgrade() -> None:
    op.drop_table("touches")
