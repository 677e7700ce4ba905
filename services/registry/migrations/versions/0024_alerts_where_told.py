"""Alerts: the digest of one that stands where the office is that told it says so; children with such a one are folded once more."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SELECT set_config('hutong.department', 'system', true)")
    op.execute(
        "INSERT INTO fold_queue AS q (child_id, wanted) SELECT DISTINCT c.id, 1 FROM alerts a"
        " JOIN children c ON c.id = a.child_id"
        " WHERE a.entry IS NOT NULL AND a.residence_code IS DISTINCT FROM c.residence_code"
        " ON CONFLICT (child_id) DO UPDATE SET wanted = q.wanted + 1, not_before = NULL"
    )


def downgrade() -> None:
    # The release before makes the digest without it, and writes such a child anew.
    upgrade()
