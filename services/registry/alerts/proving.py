"""Proving: alerts are what the records say, and those without a child what the entry says that they stand for."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson

from services.registry.alerts.gathering import COLUMNS, acted
from services.registry.alerts.raising import AlertRow
from services.registry.alerts.reporting import KINDS, Told, alert_of, due_later, rules_then
from services.registry.alerts.rules import rule_of
from services.registry.alerts.writing import placed
from services.registry.children.building import Folded
from services.registry.children.kit import Kit
from services.registry.children.proving import Difference
from services.registry.rulebooks import adopting
from services.registry.rulebooks.lasting import Course
from shared.clock import SHANGHAI
from shared.database import SYSTEM, Database, raw

PAGE = 500
#: What is set first is set first whenever it is asked for.
_EVER = datetime(9999, 1, 1, tzinfo=UTC)
_HELD = tuple(name for name in AlertRow._fields if name != "place")
_UNREGISTERED = (
    "SELECT a.*, r.feed, r.division, r.received_at, (SELECT n.kind FROM records n WHERE n.entry_id = a.entry"
    "  ORDER BY n.version DESC, n.kind DESC LIMIT 1) AS newest FROM alerts a"
    " LEFT JOIN LATERAL (SELECT * FROM records WHERE entry_id = a.entry AND kind = 0"
    "  ORDER BY received_at, id LIMIT 1) r ON true"
    " WHERE a.id > $1 AND (a.child_id IS NULL OR NOT EXISTS (SELECT 1 FROM children c WHERE c.id = a.child_id))"
    " ORDER BY a.id LIMIT $2"
)
#: Entries that are causes themselves, that no child has, and of which no alert tells.
_SILENCED = (
    "SELECT DISTINCT ON (r.entry_id) r.entry_id, r.feed, r.division, r.received_at FROM records r"
    " WHERE r.feed = ANY($1) AND r.kind = 0"
    " AND NOT EXISTS (SELECT 1 FROM records n WHERE n.entry_id = r.entry_id"
    "  AND (n.version, n.kind) > (r.version, r.kind))"
    " AND EXISTS (SELECT 1 FROM vault.data_keys k WHERE k.id = r.id)"
    " AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.entry = r.entry_id)"
    " AND NOT EXISTS (SELECT 1 FROM links l JOIN children c ON c.id = l.person"
    "  WHERE l.entry_id = r.entry_id)"
)


async def rows_of(connection: Any, children: Sequence[UUID]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for row in await connection.fetch(
        "SELECT * FROM alerts WHERE child_id = ANY($1) ORDER BY kind, cause", children
    ):
        found.setdefault(row["child_id"], []).append(row)
    return found


def agree(expected: Folded, rows: Sequence[Any]) -> bool:
    """Whether these rows are the alerts of a child, each where it belongs."""
    wanted = sorted(expected.alerts, key=lambda one: str(one.id))
    found = sorted(rows, key=lambda row: str(row["id"]))
    if [_text(one.held()) for one in wanted] != [_text(_held(row)) for row in found]:
        return False
    return all(
        (row["residence_code"], tuple(row["residence_stated_by"])) == placed(expected, one)
        and row["hukou_code"] == expected.hukou_code
        and tuple(row["hukou_stated_by"]) == expected.hukou_stated_by
        for row, one in zip(found, wanted, strict=True)
    )


def _held(row: Any) -> tuple[Any, ...]:
    return AlertRow(**{name: row[name] for name in _HELD}, place=None).held()


async def strays(database: Database, kit: Kit) -> AsyncIterator[Difference]:
    """Alerts of no registered child that no entry accounts for."""
    after = UUID(int=0)
    while True:
        async with database.transaction(SYSTEM) as session:
            connection = await raw(session)
            rows = await connection.fetch(_UNREGISTERED, after, PAGE)
            acts: dict[UUID, list[Any]] = {}
            for act in await connection.fetch(
                f"SELECT {COLUMNS} FROM alert_acts a JOIN vault.data_keys k ON k.id = a.id"
                " WHERE a.alert_id = ANY($1) ORDER BY a.acted_at, a.id",
                [row["id"] for row in rows],
            ):
                acts.setdefault(act["alert_id"], []).append(acted(act))
            came = {row["received_at"] for row in rows if row["received_at"] is not None}
            rules = await adopting.courses(connection, kit.audit, kit.profiles, came)
        for row in rows:
            if not _accounted(kit, rules, row, acts.get(row["id"], [])):
                about = row["child_id"] or row["id"]
                yield Difference("alerts", about, "differs from its entry")
        if len(rows) < PAGE:
            break
        after = rows[-1]["id"]
    async with database.transaction(SYSTEM) as session:
        connection = await raw(session)
        silenced = await connection.fetch(_SILENCED, list(KINDS))
        then = await rules_then(connection, kit, {row["received_at"] for row in silenced})
    for row in silenced:
        day = row["received_at"].astimezone(SHANGHAI).date()
        profile = then[row["received_at"]].for_division(row["division"], day)
        if rule_of(profile, KINDS[row["feed"]], day):
            yield Difference("alerts", row["entry_id"], "is missing")


def _accounted(kit: Kit, rules: Mapping[datetime, Course], row: Any, acts: Sequence[Any]) -> bool:
    if row["child_id"] is not None or row["entry"] is None or row["feed"] not in KINDS:
        return False
    told = Told(row["entry"], row["feed"], row["division"], row["received_at"])
    course = rules[told.received_at]
    expected = alert_of(kit.entries.key, course.then, told, acts)
    if expected is not None and expected.due_on is None and row["due_on"] is not None:
        detail = {key: value for key, value in expected.detail.items() if key != "missing"}
        expected = expected._replace(due_on=due_later(course, told, _EVER), detail=detail)
    return (
        expected is not None
        and _text(expected.held()) == _text(_held(row))
        and (row["newest"] == 0 or bool(acts))
        and row["residence_code"] in _borne(kit, told)
        and row["hukou_code"] is None
        and not row["residence_stated_by"]
        and not row["hukou_stated_by"]
    )


def _borne(kit: Kit, told: Told) -> Iterator[int]:
    """The codes that the place of an office bore since it told, and the one that it told by: the day on which an alert of nobody
    was carried over is told by no row."""
    yield told.division
    day: date | None = told.received_at.astimezone(SHANGHAI).date()
    while day is not None:
        yield (code := kit.profiles.code_on(told.division, day))
        day = kit.profiles.turns_after(code, day)


def _text(held: Any) -> bytes:
    return orjson.dumps(held, option=orjson.OPT_SORT_KEYS)
