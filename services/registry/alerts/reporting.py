"""Reporting: an alert whose cause is one entry stands with the entry itself, in the transaction that stores it.

It waits for no link, no review and no fold: a costly bill reaches civil affairs of the office's place also while matching
is silent, and for a child that nobody has registered.  The fold takes it up under the same id.
"""

from collections.abc import Sequence
from typing import Any

import asyncpg
import orjson

from services.registry.alerts.raising import alert_id, due_of
from services.registry.alerts.rules import rule_of
from services.registry.profiles import Profiles
from services.registry.records.feeds import medical_cost_alerts
from services.registry.records.vault import Plain
from shared.clock import SHANGHAI

#: The feeds whose every entry is an alert, and of which kind.
KINDS = {medical_cost_alerts.FEED.name: "costly_bill"}

_INSERT = (
    "INSERT INTO alerts (id, kind, cause, department, category, state, raised_on, due_on, entry, residence_code,"
    " residence_stated_by, hukou_stated_by, detail)"
    " VALUES ($1, $2, $3, $4, '', 'open', $5, $6, $7, $8, '{}', '{}', $9::jsonb) ON CONFLICT (id) DO NOTHING"
)


async def withdraw(connection: "asyncpg.Connection[Any]", rows: Sequence[Plain]) -> None:
    """Take back the alerts of entries that were recalled before anybody was registered by them, or acted; as the service."""
    await connection.execute(
        "DELETE FROM alerts a WHERE a.entry = ANY($1) AND a.child_id IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM alert_acts t WHERE t.alert_id = a.id)",
        [plain.entry_id for plain in rows],
    )


async def report(
    connection: "asyncpg.Connection[Any]", key: bytes, profiles: Profiles, rows: Sequence[Plain]
) -> None:
    """Raise an alert for each new entry of such a feed; as the service itself."""
    found = []
    for plain in rows:
        day = plain.received_at.astimezone(SHANGHAI).date()
        rule = rule_of(profiles.for_division(plain.division, day), "costly_bill", day)
        if rule is None:
            continue
        detail = {"rule": {"clause": rule.clause, "wording": rule.wording}}
        found.append(
            (
                alert_id(key, None, "costly_bill", plain.entry_id.hex, plain.entry_id),
                "costly_bill",
                plain.entry_id.hex,
                rule.owner,
                day,
                due_of(rule, day),
                plain.entry_id,
                plain.division,
                orjson.dumps(detail).decode(),
            )
        )
    if found:
        await connection.executemany(_INSERT, sorted(found))
