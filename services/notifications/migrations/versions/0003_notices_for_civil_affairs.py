"""Notices, and where their children are, are shown to civil affairs alone."""

from services.notifications.migrations import security

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    security.notices_for_civil_affairs()


def downgrade() -> None:
    raise NotImplementedError("without it other departments learn of notices")
