"""What stands under the code of a division that has ended is carried over to its heir's."""

from services.registry.migrations import security

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    security.successions()


def downgrade() -> None:
    security.without_successions()
