"""linkage models, their name frequencies and activations"""

import sqlalchemy as sa
from alembic import op

from shared.migrations import runtime_role

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "models",
        sa.Column("rule_version", sa.Text(), primary_key=True),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frequency_master", sa.SmallInteger(), nullable=True),
        sa.Column("frequency_key", sa.LargeBinary(), nullable=True),
    )
    op.create_table(
        "name_frequencies",
        sa.Column("rule_version", sa.Text(), primary_key=True),
        sa.Column("key", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("share", sa.Float(), nullable=False),
    )
    op.create_table(
        "activations",
        sa.Column("activation", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=False),
    )
    # Registered once, used for ever: nobody who runs the service may change or delete a model.
    role = runtime_role()
    op.execute(f"GRANT SELECT, INSERT ON models, name_frequencies, activations TO {role}")


def downgrade() -> None:
    for table in ("activations", "name_frequencies", "models"):
        op.drop_table(table)
