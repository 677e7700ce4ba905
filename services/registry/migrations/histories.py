"""Histories since revision 0021: what the runtime role may add to them, and who sees them.

As with ``security``, nothing that was released is edited.
"""

from alembic import op

from services.registry.migrations.security import (
    _ROSTER_IS_SEEN,
    _SYSTEM,
    _close_to_contractors,
    _protect,
)
from shared.migrations import runtime_role

#: Within the policy of the post itself.
_POST_IS_SEEN = f"{_SYSTEM} OR EXISTS (SELECT 1 FROM posts p WHERE p.id = post_id)"


def kept() -> None:
    role = runtime_role()
    op.execute(f"GRANT SELECT, INSERT ON post_acts TO {role}")
    # An answered row goes with an erased child, and what was said of it with the row.
    op.execute(f"GRANT SELECT, INSERT, DELETE ON roster_acts TO {role}")
    _protect("post_acts", using=_POST_IS_SEEN, check=_POST_IS_SEEN)
    _protect("roster_acts", using=_ROSTER_IS_SEEN, check=_SYSTEM)
    _close_to_contractors("post_acts", "roster_acts")
