"""What the runtime role may do since revision 0016: less than before, or what shows.

As with ``security``, nothing that was released is edited.
"""

from alembic import op

from services.registry.migrations.security import _CHANGE_IS_SEEN, _SYSTEM
from shared.migrations import runtime_role

#: An act on an alert about a sibling names that sibling: it may go where an erasure took the sibling, under this id or one
#: that an entry of the sibling's was linked to before; and an erasure, once written, stays for the verifier to judge.
_ABOUT_THE_ERASED = (
    "kind = 'sibling_in_care' AND EXISTS (SELECT 1 FROM erasures x,"
    " (SELECT CASE WHEN kind = 'sibling_in_care' THEN left(cause, 32)::uuid END AS id) AS sibling"
    " WHERE x.state = 'erased' AND (x.child_id = sibling.id OR EXISTS (SELECT 1 FROM erased_entries e"
    "  JOIN former_links f ON f.entry_id = e.entry_id WHERE e.erasure_id = x.id AND f.person = sibling.id)))"
)

#: Where nothing but key care changed, a change is there for whoever sees one of its categories.
_CHANGE_IS_TOLD = (
    f"({_CHANGE_IS_SEEN}) AND ({_SYSTEM} OR care IS NULL"
    " OR care && string_to_array(current_setting('hutong.categories', true), ','))"
)

#: What changes in these is bound anew.
_BOUND_NOW = ("child_changes", "survey_rounds")


def mended() -> None:
    role = runtime_role()
    op.execute(f"GRANT DELETE ON alert_acts TO {role}")
    op.execute(
        f"CREATE POLICY about_the_erased ON alert_acts AS RESTRICTIVE FOR DELETE TO {role}"
        f" USING ({_ABOUT_THE_ERASED})"
    )
    op.execute(f"REVOKE DELETE ON erasures FROM {role}")
    op.execute(f"ALTER POLICY reach ON child_changes USING ({_CHANGE_IS_TOLD})")
    for table in _BOUND_NOW:
        op.execute(f"GRANT UPDATE (mac) ON {table} TO {role}")
    # What was held to be told of a child counted its key care in: each is folded and written anew.
    op.execute("SELECT set_config('hutong.department', 'system', true)")
    op.execute("UPDATE children SET digest = ''")


def not_mended() -> None:
    role = runtime_role()
    for table in _BOUND_NOW:
        op.execute(f"REVOKE UPDATE (mac) ON {table} FROM {role}")
    op.execute(f"ALTER POLICY reach ON child_changes USING ({_CHANGE_IS_SEEN})")
    op.execute(f"GRANT DELETE ON erasures TO {role}")
    op.execute("DROP POLICY about_the_erased ON alert_acts")
    op.execute(f"REVOKE DELETE ON alert_acts FROM {role}")
