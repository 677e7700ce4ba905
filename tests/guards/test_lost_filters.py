"""Queries that lost their own filter: row-level security alone still hides what is foreign."""

from collections.abc import Sequence

import pytest
from sqlalchemy import text

from services.notifications.notices import queries as notice_queries
from services.registry.children import queries as child_queries
from services.registry.key_care import queries as care_queries
from shared.auth import Caller, Grant
from shared.database import SYSTEM
from shared.hashes import lookup_hashes
from shared.vocabulary import Department, Purpose
from tests.guards.story import ELSEWHERE, HOME, HUKOU, NUMBER, World
from tests.guards.test_row_security import as_service, enter, reach

pytestmark = pytest.mark.asyncio(loop_scope="module")


def caller(department: Department, area: str) -> Caller:
    one = reach(department, area)
    grant = Grant(
        client=one.client,
        department=department,
        low=one.low,
        high=one.high,
        scopes=frozenset(),
        purposes=frozenset(Purpose),
        sources=one.sources,
        categories=one.categories,
    )
    return Caller(grant, "staff-7", Purpose.KEY_CARE)


async def test_queries_that_lost_their_filter_still_show_nothing_foreign(
    told: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = told.hub.apps["registry"].state.kit
    hashes = lookup_hashes(kit.index, "id_number", NUMBER)
    child = (await told.rows("SELECT id FROM children ORDER BY entries DESC"))[0]["id"]
    entry = (await told.rows("SELECT entry_id FROM links WHERE person = $1", child))[0]["entry_id"]
    care = (await told.rows("SELECT id FROM key_care"))[0]["id"]
    # Takes its parameters, and lets everything through.
    unfiltered = "($1::bigint IS NOT NULL AND $2::bigint IS NOT NULL)"
    monkeypatch.setattr(child_queries, "_SEEN", unfiltered)
    monkeypatch.setattr(care_queries, "_SEEN", unfiltered)
    monkeypatch.setattr(notice_queries, "sides", lambda _: (text("true"),))

    async def registry(who: Caller) -> Sequence[int]:
        async with told.hub.apps["registry"].state.database.transaction(who.reach) as session:
            return [
                len(await child_queries.visible(session, who, [child])),
                len(await child_queries.of_entry(session, who, entry)),
                len(await child_queries.found_by(session, who, hashes, 20)),
                len(await child_queries.siblings(session, who, child)),
                len(await child_queries.key_care_of(session, [child])),
                int(await care_queries.entry(session, who, care) is not None),
            ]

    async def notices(who: Caller) -> int:
        async with told.hub.apps["notifications"].state.database.transaction(who.reach) as session:
            return len(await notice_queries.page(session, who, [], None, None, None, 50))

    here, away = (caller(Department.CIVIL_AFFAIRS, area) for area in (HOME, ELSEWHERE))
    assert all(await registry(here)) and await notices(here)
    assert not any(await registry(away)) and not await notices(away)


async def test_a_category_that_is_not_the_departments_is_hidden_in_its_own_place(
    told: World,
) -> None:
    education = reach(Department.EDUCATION, HOME)
    async with as_service(told, "registry") as connection, connection.transaction():
        await enter(connection, education)
        rows = await connection.fetch("SELECT category FROM key_care")
        assert {row["category"] for row in rows} <= set(education.categories)
        every = await told.rows("SELECT category FROM key_care")
        assert {row["category"] for row in every} - set(education.categories)


async def test_a_notice_that_nobody_released_exists_for_the_telling_side_alone(told: World) -> None:
    ours = "SELECT 1 FROM notices WHERE direction = 'local'"
    async with as_service(told, "notifications") as connection:
        change = connection.transaction()
        await change.start()
        await enter(connection, SYSTEM)
        await connection.execute("UPDATE notices SET issued_at = NULL WHERE direction = 'local'")
        await enter(connection, reach(Department.CIVIL_AFFAIRS, HUKOU))
        there = await connection.fetch(ours)
        await enter(connection, reach(Department.CIVIL_AFFAIRS, HOME))
        here = await connection.fetch(ours)
        await change.rollback()
    assert here and not there
