"""What the runtime role may take away since revision 0018: a former link, or an act on an alert, with an erasure alone.

As with ``security``, nothing that was released is edited.
"""

from alembic import op

from services.registry.migrations.mending import _ABOUT_THE_ERASED

#: As before, but a cause that names nobody is of nobody: an id that cannot be read would else refuse every erasure.
_ABOUT_SOMEBODY_ERASED = _ABOUT_THE_ERASED.replace(
    "CASE WHEN kind = 'sibling_in_care' THEN",
    "CASE WHEN kind = 'sibling_in_care' AND cause ~ '^[0-9a-f]{32}' THEN",
)
assert _ABOUT_SOMEBODY_ERASED != _ABOUT_THE_ERASED
_GOES_WITH_AN_ERASURE = """
CREATE FUNCTION former_links_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user <> (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
     AND NOT EXISTS (SELECT 1 FROM erasures x WHERE x.state = 'erased' AND (x.child_id = OLD.person
       OR EXISTS (SELECT 1 FROM erased_entries e WHERE e.erasure_id = x.id AND e.entry_id = OLD.entry_id))) THEN
    RAISE EXCEPTION 'a former link goes with an erasure alone' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN OLD;
END $$
"""


def kept() -> None:
    # What a receiver holds of a child stays an older version than what comes.
    op.execute("SELECT set_config('hutong.department', 'system', true)")
    op.execute("UPDATE children SET told_seq = child_seq")
    op.execute(f"ALTER POLICY about_the_erased ON alert_acts USING ({_ABOUT_SOMEBODY_ERASED})")
    op.execute(
        "CREATE TRIGGER once_bound BEFORE UPDATE ON change_positions"
        " FOR EACH ROW EXECUTE FUNCTION once_bound()"
    )
    op.execute(_GOES_WITH_AN_ERASURE)
    op.execute(
        "CREATE TRIGGER stay BEFORE DELETE ON former_links"
        " FOR EACH ROW EXECUTE FUNCTION former_links_stay()"
    )


def not_kept() -> None:
    op.execute("DROP TRIGGER once_bound ON change_positions")
    op.execute("DROP TRIGGER stay ON former_links")
    op.execute("DROP FUNCTION former_links_stay()")
    op.execute(f"ALTER POLICY about_the_erased ON alert_acts USING ({_ABOUT_THE_ERASED})")
