"""Cases that ask for something: what the runtime role may write, and since when those wait that were sent again."""

from alembic import op

from shared.migrations import runtime_role


def demanding_cases() -> None:
    op.execute(f"GRANT UPDATE (demanding) ON cases TO {runtime_role()}")
    op.execute("SELECT set_config('hutong.department', 'system', true)")
    # What was sent again has waited since then, and not since it was opened.
    op.execute(
        "UPDATE cases c SET waiting_since = a.at FROM (SELECT case_id, max(acted_at) AS at FROM case_acts"
        " WHERE kind = 'reopen' GROUP BY case_id) a"
        " WHERE a.case_id = c.id AND c.kind = 'assistance' AND c.waiting_since IS NOT NULL"
    )


def undemanding_cases() -> None:
    op.execute(f"REVOKE UPDATE (demanding) ON cases FROM {runtime_role()}")
    op.execute("SELECT set_config('hutong.department', 'system', true)")
    op.execute("UPDATE cases SET waiting_since = opened_at WHERE waiting_since IS NOT NULL")
