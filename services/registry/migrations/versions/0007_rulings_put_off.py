"""Rulings that cannot be told are put off; what holds entries is found by them; what a ruling ended is known."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_IN_FORCE = sa.text("held AND NOT ended")


def upgrade() -> None:
    op.add_column(
        "rulings", sa.Column("failures", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("rulings", sa.Column("not_before", sa.DateTime(timezone=True)))
    op.add_column("ruling_constraints", sa.Column("ended_by", sa.Uuid()))
    for side in ("one", "other"):
        op.create_index(
            f"ruling_constraints_{side}",
            "ruling_constraints",
            [side],
            postgresql_using="gin",
            postgresql_where=_IN_FORCE,
        )
    op.create_index(
        "ruling_constraints_ended_by",
        "ruling_constraints",
        ["ended_by"],
        postgresql_where=sa.text("ended_by IS NOT NULL"),
    )


def downgrade() -> None:
    for name in ("one", "other", "ended_by"):
        op.drop_index(f"ruling_constraints_{name}", table_name="ruling_constraints")
    op.drop_column("ruling_constraints", "ended_by")
    op.drop_column("rulings", "not_before")
    op.drop_column("rulings", "failures")
