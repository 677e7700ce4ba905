"""Changes are condensed when they are old, child by child."""

from alembic import op

from services.registry.migrations import security

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "child_changes_child", "child_changes", ["child_id", "county", "position"], unique=False
    )
    security.condensed_changes()


def downgrade() -> None:
    security.never_condensed_changes()
    op.drop_index("child_changes_child", table_name="child_changes")
