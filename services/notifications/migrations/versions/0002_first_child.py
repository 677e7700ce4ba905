"""Notices remember whom they were about before a merge."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notices", sa.Column("first_child", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("notices", "first_child")
