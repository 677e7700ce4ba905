"""Announcements to one department: that a case waits for it."""

import sqlalchemy as sa
from alembic import op

from services.notifications.migrations import security

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("announcements", sa.Column("department", sa.Text(), nullable=True))
    op.add_column("announcements", sa.Column("case_id", sa.Uuid(), nullable=True))
    security.cases()


def downgrade() -> None:
    raise NotImplementedError("without it every department is told of every case")
