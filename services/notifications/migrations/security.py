"""What the runtime role may do, and what it may see: the grants and row-level security of the first version.

Migrations call this module's functions by version and never edit one that was released.
"""

from alembic import op

from shared.migrations import runtime_role

PLAIN = ("authorities", "peers")
PROTECTED = (
    "announcements",
    "attempts",
    "cases",
    "deliveries",
    "events",
    "feed_positions",
    "idempotency_keys",
    "lanes",
    "notices",
    "peer_inbox",
    "receivers",
    "signing_keys",
)

_SYSTEM = "current_setting('hutong.department', true) = 'system'"
_IN_AREA = (
    "BETWEEN nullif(current_setting('hutong.low', true), '')::bigint"
    " AND nullif(current_setting('hutong.high', true), '')::bigint"
)
_OWN = f"{_SYSTEM} OR client = current_setting('hutong.client', true)"
_DEPARTMENT = "current_setting('hutong.department', true)"
#: A department that alone stated a place is not told of it; ``*`` stands for any.
_TOLD = f"(sole IS NULL OR {_DEPARTMENT} = 'civil_affairs' OR sole NOT IN ({_DEPARTMENT}, '*'))"
#: Until a person has released it, a notice exists for the telling side alone.
_NOTICE = (
    f"{_SYSTEM} OR origin_county {_IN_AREA} OR (target_county {_IN_AREA} AND issued_at IS NOT NULL)"
)


def first_version() -> None:
    role = runtime_role()
    op.execute(f"GRANT USAGE ON SCHEMA public, vault TO {role}")
    for table in (*PLAIN, *PROTECTED, "vault.data_keys"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}")
    op.execute(f"GRANT SELECT, INSERT ON audit_entries, audit_checkpoints TO {role}")
    op.execute(f"GRANT UPDATE (seq, chain) ON audit_entries TO {role}")
    for table in ("events", "peer_inbox", "lanes", "attempts"):
        _protect(table, using=_SYSTEM, check=_SYSTEM)
    for table in ("receivers", "signing_keys", "deliveries", "feed_positions", "idempotency_keys"):
        _protect(table, using=_OWN, check=_OWN)
    _protect("cases", using=f"{_SYSTEM} OR residence {_IN_AREA} OR hukou {_IN_AREA}", check=_SYSTEM)
    _protect(
        "announcements",
        using=f"{_SYSTEM} OR (county {_IN_AREA}"
        " AND (client IS NULL OR client = current_setting('hutong.client', true))"
        f" AND {_TOLD})",
        check=_SYSTEM,
    )
    _protect("notices", using=_NOTICE, check=_NOTICE)


def _protect(table: str, using: str, check: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY reach ON {table} USING ({using}) WITH CHECK ({check})")


_CIVIL_AFFAIRS = f"{_DEPARTMENT} = 'civil_affairs'"


def notices_for_civil_affairs() -> None:
    """Other departments of a place, who may have stated it themselves, hear of no notice; a peer hub gets its own by post."""
    notice = (
        f"{_SYSTEM} OR ({_CIVIL_AFFAIRS} AND (origin_county {_IN_AREA}"
        f" OR (target_county {_IN_AREA} AND issued_at IS NOT NULL)))"
    )
    case = f"{_SYSTEM} OR ({_CIVIL_AFFAIRS} AND (residence {_IN_AREA} OR hukou {_IN_AREA}))"
    op.execute(f"ALTER POLICY reach ON notices USING ({notice}) WITH CHECK ({notice})")
    op.execute(f"ALTER POLICY reach ON cases USING ({case})")


#: The number of a peer's or an authority's row grows by one with each change, and its name stays: an older row, whose MAC
#: was good once, cannot be put back.  The owner, who could drop this anyway, restores and repairs.
_ONLY_FORWARD = """
CREATE FUNCTION registered_only_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
    RETURN NEW;
  END IF;
  IF NEW.generation <> OLD.generation + 1
     OR (TG_TABLE_NAME = 'peers' AND to_jsonb(NEW)->'name' <> to_jsonb(OLD)->'name')
     OR (TG_TABLE_NAME = 'authorities' AND (NEW.low, NEW.high) <> (OLD.low, OLD.high)) THEN
    RAISE EXCEPTION 'a registered row only moves forward' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$
"""


def registered_rows() -> None:
    role = runtime_role()
    op.execute(_ONLY_FORWARD)
    for table in ("peers", "authorities"):
        op.execute(f"REVOKE DELETE ON {table} FROM {role}")
        op.execute(
            f"CREATE TRIGGER only_forward BEFORE UPDATE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION registered_only_forward()"
        )


def cases() -> None:
    """What is told to one department alone, is."""
    op.execute(
        f"ALTER POLICY reach ON announcements USING ({_SYSTEM} OR (county {_IN_AREA}"
        " AND (client IS NULL OR client = current_setting('hutong.client', true))"
        f" AND {_TOLD} AND (department IS NULL OR department = {_DEPARTMENT})))"
    )
