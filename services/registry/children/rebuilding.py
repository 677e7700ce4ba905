"""Rebuilding: fold every child afresh from its records and compare with what the registry holds.

``verify`` changes nothing and names each row that differs; ``rebuild`` queues all children to be folded again.
"""

from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from services.registry.alerts import proving
from services.registry.alerts.gathering import sharing, sibling_of
from services.registry.alerts.watching import Sibling
from services.registry.children.building import judge, open_reading, read
from services.registry.children.gathering import decisions_of, records_of
from services.registry.children.gist import Reading
from services.registry.children.kit import Kit
from services.registry.children.proving import Difference, sealed_rows, stray_keys
from services.registry.children.registration import listen
from services.registry.duties.assigning import DutyRow
from services.registry.handovers.keeping import HandoverRow
from services.registry.rulings import proving as rulings
from services.registry.survey_rounds.standing import SurveyStanding
from shared.database import SYSTEM, Database, raw
from shared.sealing import Unsealable

PAGE = 500


async def verify(database: Database, kit: Kit) -> AsyncIterator[Difference]:
    """Everything in the registry that is not exactly what its records say."""
    async for difference in sealed_rows(database, kit.sealer):
        yield difference
    async for difference in stray_keys(database):
        yield difference
    async for difference in rulings.differences(database, kit.sealer):
        yield difference
    async for difference in proving.strays(database, kit):
        yield difference
    async for difference in _strays(database):
        yield difference
    async for difference in _children(database, kit):
        yield difference


#: What hangs on a child's row; alerts may stand without one, and have a proof of their own.
_HANGING = ("child_lookups", "key_care", "duties", "survey_standings")


async def _strays(database: Database) -> AsyncIterator[Difference]:
    """Folded rows of children that do not stand: their place would open them to its offices."""
    for table in _HANGING:
        async with database.transaction(SYSTEM) as session:
            rows = await (await raw(session)).fetch(
                f"SELECT DISTINCT child_id FROM {table} t"
                " WHERE NOT EXISTS (SELECT 1 FROM children c WHERE c.id = t.child_id) ORDER BY 1"
            )
        for row in rows:
            yield Difference(table, row["child_id"], "stands without its child")


async def _children(database: Database, kit: Kit) -> AsyncIterator[Difference]:
    after = UUID(int=0)
    while True:
        async with database.transaction(SYSTEM) as session:
            connection = await raw(session)
            ids = [
                row["person"]
                for row in await connection.fetch(
                    "SELECT DISTINCT person FROM ("
                    " (SELECT person FROM links WHERE person > $1 ORDER BY person LIMIT 4 * $2)"
                    " UNION (SELECT id FROM children WHERE id > $1 ORDER BY id LIMIT $2)) AS p"
                    " ORDER BY person LIMIT $2",
                    after,
                    PAGE,
                )
            ]
            if not ids:
                return
            found = [d async for d in _page(connection, kit, ids)]
        for difference in found:
            yield difference
        after = ids[-1]


async def _page(connection: Any, kit: Kit, ids: list[UUID]) -> AsyncIterator[Difference]:
    broken: set[UUID] = set()  # named already, as the records and decisions they are
    records = await records_of(connection, kit.sealer, ids, broken)
    readings = {child: read(kit, held) for child, held in records.items() if child not in broken}
    heard = await listen(connection, kit, readings, ids, broken)
    rows = {
        row["id"]: row
        for row in await connection.fetch(
            "SELECT c.*, k.master, k.wrapped, (SELECT count(*) FROM fold_queue q WHERE q.child_id = c.id)"
            " AS waiting, coalesce((SELECT array_agg(h.hash) FROM child_lookups h WHERE h.child_id = c.id),"
            " '{}') AS hashes FROM children c LEFT JOIN vault.data_keys k ON k.id = c.id"
            " WHERE c.id = ANY($1)",
            ids,
        )
    }
    care: dict[UUID, list[Any]] = {}
    for row in await connection.fetch(
        "SELECT id, child_id, category, state, since, detail, residence_code, hukou_code,"
        " residence_stated_by, hukou_stated_by FROM key_care WHERE child_id = ANY($1) ORDER BY category",
        ids,
    ):
        care.setdefault(row["child_id"], []).append(row)
    duties = await _of_children(connection, "duties", ids)
    surveys = {
        one["child_id"]: one
        for one in await connection.fetch(
            "SELECT * FROM survey_standings WHERE child_id = ANY($1)", ids
        )
    }
    alerts = await proving.rows_of(connection, ids)
    passing = await _of_children(connection, "handovers", ids)
    for child in ids:
        if child in broken:
            continue
        row, reading = rows.get(child), readings.get(child)
        if reading is None:
            if row is not None:
                yield Difference("children", child, "stands without any record")
            continue
        if row is None:
            yield Difference("children", child, "is missing")
            continue
        day: date = row["folded_on"]
        decisions = heard.decisions.get(child, [])
        words = heard.words(child)
        expected = judge(kit, child, reading, decisions, day, words)
        if reading.guardians and expected.digest(kit.entries.key) != row["digest"]:
            # What stands of its siblings may itself be wrong, which is theirs to be named for.
            siblings = await _siblings(connection, kit, child, reading, day)
            expected = judge(kit, child, reading, decisions, day, words._replace(siblings=siblings))
        try:
            _, gist = open_reading(kit.sealer, row)
        except Unsealable:
            yield Difference("children", child, "was changed")
            continue
        if expected.digest(kit.entries.key) != row["digest"]:
            yield Difference("children", child, "differs from its records")
        elif (
            expected.told(kit.entries.key)[:16] != row["told"]
            or expected.gist != gist
            or row["decision"] != orjson.loads(orjson.dumps(expected.decision))
        ):
            yield Difference("children", child, "was changed")
        elif set(row["hashes"]) != set(expected.lookups):
            yield Difference("child_lookups", child, "differ from the records")
        for difference in _care(child, expected, care.get(child, []), row):
            yield difference
        wanted = sorted((one.held() for one in expected.duties), key=lambda one: str(one[0]))
        placed = all(
            one[column] == row[column] for one in duties.get(child, []) for column in _PLACE
        )
        if not placed or [_text(one) for one in wanted] != [
            _text(_held(one)) for one in duties.get(child, [])
        ]:
            yield Difference("duties", child, "differ from the records")
        if not _surveyed(expected, surveys.get(child), row):
            yield Difference("survey_standings", child, "differs from the records")
        if not proving.agree(expected, alerts.get(child, [])):
            yield Difference("alerts", child, "differ from the records")
        if not _same_handovers(expected, passing.get(child, []), row["shielded"]):
            yield Difference("handovers", child, "differ from what was done")


async def _siblings(
    connection: Any, kit: Kit, child: UUID, reading: Reading, day: date
) -> list[Sibling]:
    """The child's siblings in confirmed key care, by their own records."""
    ids = await sharing(connection, {child: reading.guardians})
    broken: set[UUID] = set()
    records = await records_of(connection, kit.sealer, ids, broken)
    decisions = await decisions_of(connection, kit.sealer, ids, broken)
    found = []
    for other in sorted(records.keys() - broken):
        judged = judge(kit, other, read(kit, records[other]), decisions.get(other, []), day)
        found += [
            sibling_of(
                {
                    "sibling": other,
                    "category": one.category,
                    "since": one.since,
                    "residence_code": judged.residence_code,
                    "hukou_code": judged.hukou_code,
                    "residence_stated_by": judged.residence_stated_by,
                }
            )
            for one in judged.key_care
            if one.state == "confirmed"
        ]
    return found


def _same_handovers(expected: Any, rows: list[Any], shielded: bool) -> bool:
    wanted = sorted(one.held() for one in expected.handovers)
    held = [
        HandoverRow(**{one.name: row[one.name] for one in fields(HandoverRow)}).held()
        for row in rows
    ]
    return wanted == held and all(row["shielded"] == shielded for row in rows)


async def _of_children(connection: Any, table: str, ids: list[UUID]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for row in await connection.fetch(
        f"SELECT * FROM {table} WHERE child_id = ANY($1) ORDER BY id::text", ids
    ):
        found.setdefault(row["child_id"], []).append(row)
    return found


def _held(row: Any) -> tuple[Any, ...]:
    """A row in the form of ``DutyRow.held``."""
    return DutyRow(
        **{one.name: row[one.name] for one in fields(DutyRow)},
    ).held()


_PLACE = ("residence_code", "hukou_code", "residence_stated_by", "hukou_stated_by")


def _surveyed(expected: Any, held: Any | None, row: Any) -> bool:
    """Whether the row of how the child stands toward surveys is as its records have it."""
    if expected.survey is None or held is None:
        return expected.survey is None and held is None
    found = SurveyStanding(held["last_on"], tuple(held["made"]))
    placed = all(held[column] == row[column] for column in _PLACE)
    return placed and found.held() == expected.survey.held()


def _care(child: UUID, expected: Any, rows: list[Any], row: Any) -> list[Difference]:
    wanted = {(k.id, k.category, k.state, k.since, _text(k.detail)) for k in expected.key_care}
    held = {(r["id"], r["category"], r["state"], r["since"], _text(r["detail"])) for r in rows}
    placed = all(r[column] == row[column] for r in rows for column in _PLACE)
    if wanted == held and placed:
        return []
    return [Difference("key_care", child, "differs from the records")]


def _text(detail: Any) -> bytes:
    return orjson.dumps(detail, option=orjson.OPT_SORT_KEYS)
