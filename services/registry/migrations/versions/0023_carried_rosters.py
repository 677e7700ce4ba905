"""Rosters that wait for answers go on under an heir's code: the runtime role may write whose they are."""

from services.registry.migrations import security

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    security.carried_rosters()


def downgrade() -> None:
    security.without_carried_rosters()
