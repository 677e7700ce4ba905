"""What the runtime role may do since revision 0017: less than before, or what shows.

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
_BOUND_NOW = ("child_changes", "former_links", "survey_rounds")

#: A row of a roster goes where an erasure took its child.
_OF_THE_ERASED = (
    "EXISTS (SELECT 1 FROM erasures x WHERE x.state = 'erased' AND (x.child_id = roster_rows.child_id"
    " OR EXISTS (SELECT 1 FROM erased_entries e WHERE e.erasure_id = x.id AND e.entry_id = anchor)))"
)
#: As ``clients``: an older row, whose MAC was good once, cannot be put back.
_ONLY_FORWARD = """
CREATE FUNCTION rosters_only_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user <> (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
     AND NEW.generation <> OLD.generation + 1 THEN
    RAISE EXCEPTION 'a row of a roster only moves forward' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$
"""
_COUNTED = ("roster_rows", "roster_readings")
#: Else a row altered past the hub could be made to look like one from before MACs, and be vouched for.
_ONCE_BOUND = """
CREATE FUNCTION once_bound() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.mac <> '' AND NEW.mac = ''
     AND current_user <> (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
    RAISE EXCEPTION 'a row that bore a MAC bears one' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$
"""


def mended() -> None:
    role = runtime_role()
    op.execute(f"GRANT DELETE ON alert_acts TO {role}")
    op.execute(
        f"CREATE POLICY about_the_erased ON alert_acts AS RESTRICTIVE FOR DELETE TO {role}"
        f" USING ({_ABOUT_THE_ERASED})"
    )
    op.execute(f"REVOKE DELETE ON erasures FROM {role}")
    op.execute(f"ALTER POLICY reach ON child_changes USING ({_CHANGE_IS_TOLD})")
    op.execute(_ONCE_BOUND)
    for table in _BOUND_NOW:
        op.execute(f"GRANT UPDATE (mac) ON {table} TO {role}")
        op.execute(
            f"CREATE TRIGGER once_bound BEFORE UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION once_bound()"
        )
    op.execute(
        f"CREATE POLICY of_the_erased ON roster_rows AS RESTRICTIVE FOR DELETE TO {role}"
        f" USING ({_OF_THE_ERASED})"
    )
    op.execute(_ONLY_FORWARD)
    for table in _COUNTED:
        op.execute(f"GRANT UPDATE (generation) ON {table} TO {role}")
        op.execute(
            f"CREATE TRIGGER only_forward BEFORE UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION rosters_only_forward()"
        )
    # What was held to be told of a child counted its key care in: each is folded and written anew.
    op.execute("SELECT set_config('hutong.department', 'system', true)")
    op.execute("UPDATE children SET digest = ''")


def not_mended() -> None:
    role = runtime_role()
    for table in _COUNTED:
        op.execute(f"DROP TRIGGER only_forward ON {table}")
        op.execute(f"REVOKE UPDATE (generation) ON {table} FROM {role}")
    op.execute("DROP FUNCTION rosters_only_forward()")
    op.execute("DROP POLICY of_the_erased ON roster_rows")
    for table in _BOUND_NOW:
        op.execute(f"DROP TRIGGER once_bound ON {table}")
        op.execute(f"REVOKE UPDATE (mac) ON {table} FROM {role}")
    op.execute("DROP FUNCTION once_bound()")
    op.execute(f"ALTER POLICY reach ON child_changes USING ({_CHANGE_IS_SEEN})")
    op.execute(f"GRANT DELETE ON erasures TO {role}")
    op.execute("DROP POLICY about_the_erased ON alert_acts")
    op.execute(f"REVOKE DELETE ON alert_acts FROM {role}")
