"""What the runtime role may do, and what it may see: grants, row-level security, and what may never go back.

Migrations call this module's functions by version and never edit one that was released.
"""

from alembic import op

from shared.migrations import runtime_role

APPEND_ONLY = ("records", "decisions", "erased_entries")
#: Written once, and cleared away when old.
KEPT_FOR_A_TIME = ("import_verdicts",)
QUEUES_AND_STATE = (
    "resolution_queue",
    "fold_queue",
    "links",
    "feed_arrivals",
    "children",
    "child_lookups",
    "key_care",
    "clients",
    "used_assertions",
    "idempotency_keys",
    "leases",
    "import_jobs",
    "duty_contacts",
    "break_glass",
    "erasures",
    "relay_positions",
)

_SYSTEM = "current_setting('hutong.department', true) = 'system'"
_LOW = "current_setting('hutong.low', true)::bigint"
_HIGH = "current_setting('hutong.high', true)::bigint"
_ME = "current_setting('hutong.department', true)"


def _placed(column: str, stated_by: str) -> str:
    """The caller's area holds this place, and another department or civil affairs says so."""
    return (
        f"({column} BETWEEN {_LOW} AND {_HIGH}"
        f" AND ({_ME} = 'civil_affairs' OR NOT {stated_by} <@ ARRAY[{_ME}]))"
    )


_CHILD_IS_SEEN = (
    f"{_SYSTEM} OR {_placed('residence_code', 'residence_stated_by')}"
    f" OR {_placed('hukou_code', 'hukou_stated_by')}"
)
_CATEGORY_IS_OPEN = f"({_SYSTEM} OR category = ANY(string_to_array(current_setting('hutong.categories', true), ',')))"
_RECORD_IS_OWN = (
    f"{_SYSTEM} OR source = ANY(string_to_array(current_setting('hutong.sources', true), ','))"
    f" OR (department = {_ME} AND division BETWEEN {_LOW} AND {_HIGH})"
)
_RECORD_IS_PUSHED_HERE = (
    f"{_SYSTEM} OR (department = {_ME} AND division BETWEEN {_LOW} AND {_HIGH})"
)

_IS_OWN = f"{_SYSTEM} OR client = current_setting('hutong.client', true)"
_CIVIL_AFFAIRS_OF_THE_PLACE = (
    f"({_ME} = 'civil_affairs' AND (residence_code BETWEEN {_LOW} AND {_HIGH}"
    f" OR hukou_code BETWEEN {_LOW} AND {_HIGH}))"
)


def first_version() -> None:
    role = runtime_role()
    op.execute(f"GRANT USAGE ON SCHEMA public, vault TO {role}")
    for table in APPEND_ONLY:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {role}")
    for table in KEPT_FOR_A_TIME:
        op.execute(f"GRANT SELECT, INSERT, DELETE ON {table} TO {role}")
    for table in QUEUES_AND_STATE:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON vault.data_keys TO {role}")
    for table in ("audit_entries", "outbox"):
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {role}")
    op.execute(f"GRANT UPDATE (seq, chain) ON audit_entries TO {role}")
    op.execute(f"GRANT UPDATE (seq) ON outbox TO {role}")
    op.execute(f"GRANT SELECT, INSERT ON audit_checkpoints TO {role}")
    _protect("children", using=_CHILD_IS_SEEN, check=_SYSTEM)
    _protect("key_care", using=f"({_CHILD_IS_SEEN}) AND {_CATEGORY_IS_OPEN}", check=_SYSTEM)
    _protect("records", using=_RECORD_IS_OWN, check=_RECORD_IS_PUSHED_HERE)
    # A decision names its child and category: the service alone reads it, for a caller who sees both.
    _protect("decisions", using=_SYSTEM, check=_SYSTEM)
    for table in ("import_jobs", "import_verdicts", "idempotency_keys"):
        _protect(table, using=_IS_OWN, check=_IS_OWN)
    _protect("break_glass", using=f"{_IS_OWN} OR {_CIVIL_AFFAIRS_OF_THE_PLACE}", check=_SYSTEM)
    _protect("erasures", using=f"{_SYSTEM} OR {_CIVIL_AFFAIRS_OF_THE_PLACE}", check=_SYSTEM)


#: A grant's number grows by one with each change, and what was revoked stays so: an older row, whose MAC was good once,
#: cannot be put back.  The owner, who could drop this anyway, restores and repairs.
_ONLY_FORWARD = """
CREATE FUNCTION clients_only_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
    RETURN NEW;
  END IF;
  IF NEW.id <> OLD.id OR NEW.generation <> OLD.generation + 1
     OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) THEN
    RAISE EXCEPTION 'a grant only moves forward' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$
"""


def second_version() -> None:
    role = runtime_role()
    op.execute(f"GRANT SELECT, INSERT ON outbox_checkpoints TO {role}")
    op.execute(f"REVOKE DELETE ON clients FROM {role}")
    op.execute(_ONLY_FORWARD)
    op.execute(
        "CREATE TRIGGER only_forward BEFORE UPDATE ON clients"
        " FOR EACH ROW EXECUTE FUNCTION clients_only_forward()"
    )


def _civil_affairs_of_both_children() -> str:
    reached = (
        f"({side}_residence_code BETWEEN {_LOW} AND {_HIGH}"
        f" OR {side}_hukou_code BETWEEN {_LOW} AND {_HIGH})"
        for side in ("one", "other")
    )
    return f"({_ME} = 'civil_affairs' AND {' AND '.join(reached)})"


def reviews_and_rulings() -> None:
    role = runtime_role()
    for table in ("match_reviews", "rulings", "ruling_constraints", "link_moves"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}")
    op.execute(f"GRANT USAGE ON SEQUENCE ruling_turns TO {role}")
    for table in ("match_reviews", "rulings"):
        _protect(table, using=f"{_SYSTEM} OR {_civil_affairs_of_both_children()}", check=_SYSTEM)


#: A department sees the duties that it owes itself; civil affairs leads and sees them all.
_DUTY_IS_OPEN = f"({_SYSTEM} OR {_ME} = 'civil_affairs' OR department = {_ME})"
_CIVIL_AFFAIRS_OF_THE_DIVISION = (
    f"{_SYSTEM} OR ({_ME} = 'civil_affairs' AND division BETWEEN {_LOW} AND {_HIGH})"
)


def duties_and_posts() -> None:
    role = runtime_role()
    for table in ("duties", "posts"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}")
    for table in ("trainings", "calendar_acts"):
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {role}")
    _protect("duties", using=f"({_CHILD_IS_SEEN}) AND {_DUTY_IS_OPEN}", check=_SYSTEM)
    here = f"division BETWEEN {_LOW} AND {_HIGH}"
    _protect(
        "calendar_acts",
        using=f"{_SYSTEM} OR ({here} AND {_DUTY_IS_OPEN})",
        check=f"{_SYSTEM} OR ({here} AND department = {_ME})",
    )
    for table in ("posts", "trainings"):
        inside = _CIVIL_AFFAIRS_OF_THE_DIVISION
        _protect(table, using=inside, check=inside)


_CASE_IS_MINE = (
    f"{_SYSTEM} OR (place BETWEEN {_LOW} AND {_HIGH}"
    f" AND ({_ME} = 'civil_affairs' OR addressee = {_ME} OR department = {_ME}))"
)
#: Within the policy of the case itself.
_CASE_IS_SEEN = f"{_SYSTEM} OR EXISTS (SELECT 1 FROM cases c WHERE c.id = case_id)"


def cases() -> None:
    role = runtime_role()
    op.execute(f"GRANT SELECT, INSERT, UPDATE (state, waiting_since, version) ON cases TO {role}")
    op.execute(f"GRANT SELECT, INSERT ON case_acts TO {role}")
    _protect("cases", using=_CASE_IS_MINE, check=_CASE_IS_MINE)
    _protect("case_acts", using=_CASE_IS_SEEN, check=_CASE_IS_SEEN)


#: Both counties, their civil affairs alone; of a shielded child nothing tells the county that it left whereto it went,
#: before a person does.
_HANDOVER_IS_SEEN = (
    f"{_SYSTEM} OR ({_ME} = 'civil_affairs' AND (taking BETWEEN {_LOW} AND {_HIGH}"
    f" OR (giving BETWEEN {_LOW} AND {_HIGH} AND NOT (shielded AND state = 'due'))))"
)


def handovers() -> None:
    role = runtime_role()
    op.execute(f"GRANT SELECT, INSERT ON handover_acts TO {role}")
    op.execute(f"GRANT SELECT, INSERT, DELETE ON handovers TO {role}")
    # An act names its child: the service alone reads it, for a caller who sees the handover.
    _protect("handover_acts", using=_SYSTEM, check=_SYSTEM)
    _protect("handovers", using=_HANDOVER_IS_SEEN, check=_SYSTEM)


def _protect(table: str, using: str, check: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY reach ON {table} USING ({using}) WITH CHECK ({check})")
