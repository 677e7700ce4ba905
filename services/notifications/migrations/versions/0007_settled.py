"""Whether the giving hub has an acceptance of a handover so."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notices", sa.Column("settled", sa.Text(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("without it nobody knows which county has the file")
