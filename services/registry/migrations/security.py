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


#: Civil affairs of a place sees the rounds that cover any of it; it opens those inside its area alone.
_ROUND_IS_HERE = f"{_SYSTEM} OR ({_ME} = 'civil_affairs' AND low <= {_HIGH} AND high >= {_LOW})"
_ROUND_IS_INSIDE = f"{_SYSTEM} OR ({_ME} = 'civil_affairs' AND low >= {_LOW} AND high <= {_HIGH})"
#: Every table of children, places and people that was protected before contractors were: they read none of it.
CLOSED_TO_CONTRACTORS = (
    "children",
    "key_care",
    "decisions",
    "break_glass",
    "erasures",
    "match_reviews",
    "rulings",
    "duties",
    "calendar_acts",
    "posts",
    "trainings",
    "cases",
    "case_acts",
    "survey_rounds",
    "survey_standings",
)
_IS_CONTRACTOR = "coalesce(current_setting('hutong.contractor', true), '') = 'yes'"
_FROM_MY_SOURCE = "source = ANY(string_to_array(current_setting('hutong.sources', true), ','))"


def survey_rounds_and_contractors() -> None:
    """A contractor's word is civil affairs' word, yet it reads its own records alone: restrictive policies, which no other
    policy can widen."""
    role = runtime_role()
    op.execute(f"GRANT SELECT, INSERT, UPDATE (withdrawn_at) ON survey_rounds TO {role}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON survey_standings TO {role}")
    _protect("survey_rounds", using=_ROUND_IS_HERE, check=_ROUND_IS_INSIDE)
    civil = f"({_SYSTEM} OR {_ME} = 'civil_affairs')"
    _protect("survey_standings", using=f"({_CHILD_IS_SEEN}) AND {civil}", check=_SYSTEM)
    _close_to_contractors(*CLOSED_TO_CONTRACTORS)
    op.execute(
        "CREATE POLICY no_contractor ON records AS RESTRICTIVE"
        f" USING (NOT {_IS_CONTRACTOR} OR {_FROM_MY_SOURCE})"
    )


def without_contractors() -> None:
    for table in (*CLOSED_TO_CONTRACTORS, "records"):
        op.execute(f"DROP POLICY no_contractor ON {table}")


def _close_to_contractors(*tables: str) -> None:
    for table in tables:
        op.execute(
            f"CREATE POLICY no_contractor ON {table} AS RESTRICTIVE USING (NOT {_IS_CONTRACTOR})"
        )


#: No row of any compartment is there but for a transaction that has entered that one, for a department which the access
#: matrix lets into it, and of places inside its area.
_COMPARTMENT_IS_ENTERED = (
    f"{_SYSTEM} OR (compartment = current_setting('hutong.compartment', true)"
    " AND compartment = ANY(string_to_array(current_setting('hutong.compartments', true), ','))"
    f" AND place BETWEEN {_LOW} AND {_HIGH})"
)
#: Within the policy of the entry itself.
_COMPARTMENT_ENTRY_IS_SEEN = (
    f"{_SYSTEM} OR EXISTS (SELECT 1 FROM compartment_entries e WHERE e.id = entry_id)"
)


def compartments() -> None:
    role = runtime_role()
    op.execute(
        f"GRANT SELECT, INSERT, UPDATE (state, waiting_since, version) ON compartment_entries TO {role}"
    )
    op.execute(f"GRANT SELECT, INSERT ON compartment_acts TO {role}")
    entered, seen = _COMPARTMENT_IS_ENTERED, _COMPARTMENT_ENTRY_IS_SEEN
    _protect("compartment_entries", using=entered, check=entered)
    _protect("compartment_acts", using=seen, check=seen)
    _close_to_contractors("compartment_entries", "compartment_acts")


#: As a child is seen by whoever saw it before, or sees it now.
_CHANGE_IS_SEEN = (
    f"{_SYSTEM} OR (county BETWEEN {_LOW} AND {_HIGH} AND ({_ME} = 'civil_affairs'"
    f" OR NOT coalesce(stated_before, '{{}}') || coalesce(stated_now, '{{}}') <@ ARRAY[{_ME}]))"
)
#: Whoever could read children before the feed began finds them in it.
_EVERY_CHILD_ENTERED = """
INSERT INTO child_changes (id, county, child_id, at, stated_now)
SELECT c.id, p.county, c.id, c.changed_at, array_agg(DISTINCT by)
FROM children c CROSS JOIN LATERAL (
  VALUES (c.residence_code / 1000000 * 1000000, c.residence_stated_by),
         (c.hukou_code / 1000000 * 1000000, c.hukou_stated_by)
) AS p(county, stated_by) CROSS JOIN LATERAL unnest(p.stated_by) AS by
WHERE p.county IS NOT NULL GROUP BY c.id, p.county
"""


def changes() -> None:
    role = runtime_role()
    op.execute(f"GRANT SELECT, INSERT, UPDATE (position) ON child_changes TO {role}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON change_positions TO {role}")
    op.execute("SELECT set_config('hutong.department', 'system', true)")
    op.execute(_EVERY_CHILD_ENTERED)
    _protect("child_changes", using=_CHANGE_IS_SEEN, check=_SYSTEM)
    _protect("change_positions", using=_IS_OWN, check=_IS_OWN)
    _close_to_contractors("child_changes", "change_positions")


_ROSTER_IS_MINE = f"{_SYSTEM} OR (low >= {_LOW} AND high <= {_HIGH} AND ({_ME} = 'civil_affairs' OR addressee = {_ME}))"
#: Within the policy of the roster itself.
_ROSTER_IS_SEEN = f"{_SYSTEM} OR EXISTS (SELECT 1 FROM rosters r WHERE r.id = roster_id)"


def rosters() -> None:
    role = runtime_role()
    op.execute(f"GRANT SELECT, INSERT ON rosters TO {role}")
    op.execute(
        "GRANT SELECT, INSERT, DELETE, UPDATE (child_id, child_seq, told, taken_at, verdict, reason, differing,"
        f" answered_by, answered_at, mac) ON roster_rows TO {role}"
    )
    op.execute(
        f"GRANT SELECT, INSERT, UPDATE (received_by, received_at, mac) ON roster_readings TO {role}"
    )
    _protect("rosters", using=_ROSTER_IS_MINE, check=_SYSTEM)
    for table in ("roster_rows", "roster_readings"):
        _protect(table, using=_ROSTER_IS_SEEN, check=_SYSTEM)
    _close_to_contractors("rosters", "roster_rows", "roster_readings")


def guardianship() -> None:
    """Each names its child: the service alone reads them, for a caller who sees that child."""
    role = runtime_role()
    for table in ("assessments", "placements", "placement_acts"):
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {role}")
        _protect(table, using=_SYSTEM, check=_SYSTEM)
    _close_to_contractors("assessments", "placements", "placement_acts")
    # A placement is held while an act is appended to it.
    op.execute(f"GRANT UPDATE (id) ON placements TO {role}")


#: Of a child that is seen, or about an entry that no child has yet: then civil affairs of the office's place alone.
_ALERT_IS_OPEN = (
    f"({_SYSTEM} OR {_ME} = 'civil_affairs' OR department = {_ME})"
    f" AND (category = '' OR {_CATEGORY_IS_OPEN})"
)


def alerts() -> None:
    role = runtime_role()
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON alerts TO {role}")
    op.execute(f"GRANT SELECT, INSERT ON alert_acts TO {role}")
    _protect("alerts", using=f"({_CHILD_IS_SEEN}) AND {_ALERT_IS_OPEN}", check=_SYSTEM)
    # An act names its alert, whoever may see that: the service alone reads it, for a caller who does.
    _protect("alert_acts", using=_SYSTEM, check=_SYSTEM)
    _close_to_contractors("alerts", "alert_acts")


#: A figure is about an area as a whole: it is shown to whoever may ask for all of it.
_FIGURE_IS_MINE = f"{_SYSTEM} OR (low >= {_LOW} AND high <= {_HIGH})"
_FIGURE_IS_ASKED_FOR = (
    f"{_SYSTEM} OR ({_ME} = 'civil_affairs' AND low >= {_LOW} AND high <= {_HIGH})"
)


def two_times() -> None:
    role = runtime_role()
    op.execute(f"GRANT SELECT, INSERT, DELETE ON former_links TO {role}")
    op.execute(f"GRANT SELECT, INSERT ON rulebooks TO {role}")
    op.execute(
        f"GRANT SELECT, INSERT, UPDATE (computed_at, counts, mac, attempts) ON figures TO {role}"
    )
    _protect("figures", using=_FIGURE_IS_MINE, check=_FIGURE_IS_ASKED_FOR)
    _close_to_contractors("figures")


#: What is written when a row goes on under another division's code: its place, and the seal that binds it.
_CARRIED = {
    "cases": "place, sealed",
    "compartment_entries": "place, sealed, sealed_level",
    "placements": "place, sealed",
    "survey_rounds": "division, low, high",
}


def successions() -> None:
    for table, columns in _CARRIED.items():
        op.execute(f"GRANT UPDATE ({columns}) ON {table} TO {runtime_role()}")


def without_successions() -> None:
    for table, columns in _CARRIED.items():
        op.execute(f"REVOKE UPDATE ({columns}) ON {table} FROM {runtime_role()}")


def carried_rosters() -> None:
    op.execute(f"GRANT UPDATE (low, high, mac) ON rosters TO {runtime_role()}")


def without_carried_rosters() -> None:
    op.execute(f"REVOKE UPDATE (low, high, mac) ON rosters FROM {runtime_role()}")


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
    _close_to_contractors("handovers", "handover_acts")


def condensed_changes() -> None:
    op.execute(f"GRANT DELETE, UPDATE (stated_before) ON child_changes TO {runtime_role()}")


def never_condensed_changes() -> None:
    op.execute(f"REVOKE DELETE, UPDATE (stated_before) ON child_changes FROM {runtime_role()}")


def _protect(table: str, using: str, check: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY reach ON {table} USING ({using}) WITH CHECK ({check})")
