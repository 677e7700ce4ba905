"""Reporting: an alert whose cause is one entry stands with the entry itself, in the transaction that stores it.

It waits for no link, no review and no fold: a costly bill reaches civil affairs of the office's place also while matching
is silent, and for a child that nobody has registered.  The fold takes it up under the same id, and gives it back when the entry
is nobody's any more.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from services.registry.alerts.raising import (
    Acted,
    AlertRow,
    alert_id,
    due_of,
    located,
    rule_detail,
    state_of,
)
from services.registry.alerts.rules import rule_of
from services.registry.children.kit import Kit
from services.registry.profiles import Profiles
from services.registry.profiles.families.alerts import AlertName
from services.registry.records.feeds import medical_cost_alerts
from services.registry.records.vault import Plain
from services.registry.rulebooks import adopting
from services.registry.rulebooks.lasting import Course
from shared.clock import SHANGHAI

#: The feeds whose every entry is an alert, and of which kind.
KINDS: dict[str, AlertName] = {medical_cost_alerts.FEED.name: "costly_bill"}

_INSERT = (
    "INSERT INTO alerts (id, kind, cause, department, category, state, raised_on, due_on, closed_on, entry,"
    " residence_code, residence_stated_by, hukou_stated_by, detail)"
    " VALUES ($1, $2, $3, $4, '', $5, $6, $7, $8, $9, $10, '{}', '{}', $11::jsonb) ON CONFLICT (id) DO NOTHING"
)
#: Of each entry the first record that came in.
FIRST = (
    "SELECT r.entry_id, r.feed, r.division, r.received_at FROM unnest($1::uuid[]) AS e(entry_id)"
    " CROSS JOIN LATERAL (SELECT * FROM records WHERE entry_id = e.entry_id AND kind = 0"
    "  ORDER BY received_at, id LIMIT 1) r"
)

FIRST_OF_ALL = UUID(int=0)
SETTLED_AT_ONCE = 100
#: The waiting alerts of entries that no child has, and that are due on no day; each with its entry's first record.
_UNSET = (
    "SELECT a.id, r.entry_id, r.feed, r.division, r.received_at FROM alerts a"
    " CROSS JOIN LATERAL (SELECT * FROM records WHERE entry_id = a.entry AND kind = 0"
    "  ORDER BY received_at, id LIMIT 1) r"
    " WHERE a.child_id IS NULL AND a.due_on IS NULL AND a.closed_on IS NULL"
    " AND r.feed = ANY($1) AND a.id > $2 ORDER BY a.id LIMIT $3"
)


class Told(NamedTuple):
    """The first record of an entry, as far as its alert follows from it."""

    entry: UUID
    feed: str
    division: int
    received_at: datetime

    @classmethod
    def of(cls, row: Any) -> "Told":
        return cls(row["entry_id"], row["feed"], row["division"], row["received_at"])


def alert_of(
    key: bytes, profiles: Profiles, told: Told, acts: Sequence[Acted] = ()
) -> AlertRow | None:
    """The alert of an entry that is nobody's, where its office is; None where the rules of that place raise none."""
    kind = KINDS[told.feed]
    day = told.received_at.astimezone(SHANGHAI).date()
    rule = rule_of(profiles.for_division(told.division, day), kind, day)
    if rule is None:
        return None
    state, closed_on = state_of(acts, None)
    due_on = due_of(rule, day)
    return AlertRow(
        id=alert_id(key, None, kind, told.entry.hex, told.entry),
        kind=kind,
        cause=told.entry.hex,
        department=rule.owner,
        category="",
        state=state,
        raised_on=day,
        due_on=due_on,
        closed_on=closed_on,
        entry=told.entry,
        place=told.division,
        detail=dict(rule_detail(rule, due_on)),
    )


async def report(
    connection: "asyncpg.Connection[Any]", key: bytes, profiles: Profiles, rows: Sequence[Plain]
) -> None:
    """Raise an alert for each new entry of such a feed; as the service itself.

    An office may go on telling by the code of a county that has ended: who took that over answers for it.
    """
    alerts: list[AlertRow] = []
    for p in rows:
        code_of = partial(profiles.code_on, on=p.received_at.astimezone(SHANGHAI).date())
        told = Told(p.entry_id, p.feed, p.division, p.received_at)
        if (one := alert_of(key, profiles, told)) is not None:
            alerts += located([one], None, (), code_of)
    await _insert(connection, alerts)


async def give_back(
    connection: "asyncpg.Connection[Any]",
    kit: Kit,
    entries: Sequence[UUID],
    acts: dict[UUID, list[Acted]],
    day: date,
) -> None:
    """Raise the alerts of entries that have become nobody's, where they are to be handled on ``day``; ``acts`` by entry are what
    people did about them."""
    rows = await connection.fetch(FIRST, entries)
    rules = await rules_then(connection, kit, {row["received_at"] for row in rows})
    found = [
        alert_of(
            kit.entries.key, rules[row["received_at"]], Told.of(row), acts.get(row["entry_id"], ())
        )
        for row in rows
    ]
    raised = [one for one in found if one is not None]
    await _insert(connection, located(raised, None, (), partial(kit.profiles.code_on, on=day)))


async def rules_then(
    connection: "asyncpg.Connection[Any]", kit: Kit, instants: Collection[datetime]
) -> dict[datetime, Profiles]:
    """By instant, the rules that the hub went by when an entry came in: by them its alert was raised, and by no others since.

    A rulebook that was written past the hub is named by the verifier, and keeps nobody from being alerted.
    """
    return await adopting.as_adopted(connection, kit.audit, kit.profiles, instants)


def due_later(course: Course, told: Told, now: datetime) -> date | None:
    """When an alert is due whose rule left that open at its receipt: by the first that set it since, from when it did."""
    kind, day = KINDS[told.feed], told.received_at.astimezone(SHANGHAI).date()

    def days(profiles: Profiles, on: date) -> int | None:
        rule = rule_of(profiles.for_division(told.division, on), kind, on)
        return rule.due_days if rule and isinstance(rule.due_days, int) else None

    lasting = course.lasting(days, day, now)
    return lasting.begins_on(day) + timedelta(days=lasting.value) if lasting else None


async def settle(
    connection: "asyncpg.Connection[Any]", kit: Kit, now: datetime, after: UUID = FIRST_OF_ALL
) -> UUID | None:
    """Say of the next waiting alerts of entries that are nobody's when they are due, where that has been set since; the last that
    was looked at, None where there are no more.

    As the service itself.  What somebody is registered by is folded anew instead.
    """
    rows = await connection.fetch(_UNSET, list(KINDS), after, SETTLED_AT_ONCE)
    instants = {row["received_at"] for row in rows}
    courses = await adopting.courses(connection, kit.audit, kit.profiles, instants)
    due = [
        (row["id"], due_on)
        for row in rows
        if (due_on := due_later(courses[row["received_at"]], Told.of(row), now)) is not None
    ]
    await connection.executemany(
        "UPDATE alerts SET due_on = $2, detail = detail - 'missing' WHERE id = $1 AND due_on IS NULL",
        due,
    )
    return rows[-1]["id"] if len(rows) == SETTLED_AT_ONCE else None


async def _insert(connection: "asyncpg.Connection[Any]", alerts: Iterable[AlertRow]) -> None:
    rows = [
        (
            one.id,
            one.kind,
            one.cause,
            one.department,
            one.state,
            one.raised_on,
            one.due_on,
            one.closed_on,
            one.entry,
            one.place,
            orjson.dumps(dict(one.detail)).decode(),
        )
        for one in alerts
    ]
    if rows:
        await connection.executemany(_INSERT, sorted(rows, key=lambda row: row[0]))


async def withdraw(connection: "asyncpg.Connection[Any]", rows: Sequence[Plain]) -> None:
    """Take back the alerts of entries that were recalled before anybody was registered by them, or acted; as the service."""
    await connection.execute(
        "DELETE FROM alerts a WHERE a.entry = ANY($1) AND a.child_id IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM alert_acts t WHERE t.alert_id = a.id)",
        [plain.entry_id for plain in rows],
    )
