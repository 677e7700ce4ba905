"""Children: a digest has a part for each table that the child stands in; every child is folded once more for it."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SELECT set_config('hutong.department', 'system', true)")
    op.execute(
        "INSERT INTO fold_queue AS q (child_id, wanted) SELECT id, 1 FROM children"
        " ON CONFLICT (child_id) DO UPDATE SET wanted = q.wanted + 1, not_before = NULL"
    )


def downgrade() -> None:
    # The release before takes a digest in parts for one of a child that has changed, and writes it anew.
    upgrade()
