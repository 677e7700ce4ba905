"""Row-level security by itself: what a query shows that has no filter at all.

Cast: the *runtime role* is the one that services connect as; a *reach* is how far a transaction sees.  Every protected
table holds rows of the story, so a table that shows none hides some.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.registry.access.matrix import categories_of, compartments_of
from shared import divisions
from shared.database import NOTHING, SYSTEM, Database, Reach, raw
from shared.vocabulary import Department
from tests.guards.story import ELSEWHERE, World

pytestmark = pytest.mark.asyncio(loop_scope="module")

GUARDED = ("registry", "notifications")
"""Matching knows no places: its only caller is the registry, and its rows hold sealed features and keyed hashes."""
SETTINGS = (
    "low",
    "high",
    "department",
    "client",
    "categories",
    "sources",
    "compartments",
    "compartment",
)
#: Columns that say where a child is or belongs, or for which place a row is meant.
PLACED = re.compile(r"residence|hukou|division|county|target_|origin|subjects?$|^child(_id)?$")
#: Tables with such a column that tell of no child, or cannot be read as telling of one.
UNPROTECTED = {
    "registry": {
        "feed_arrivals": "how timely each source of a county pushes",
        "duty_contacts": "an office of each county",
        "child_lookups": "keyed hashes and opaque ids; what they lead to is protected",
        "fold_queue": "opaque ids",
        "outbox": "written by folds; read by the relay alone, by no request",
        "audit_entries": "written by every act, whoever does it; read by verifiers alone",
    },
    "notifications": {"audit_entries": "as in the registry"},
}


def reach(department: Department, area: str, client: str = "") -> Reach:
    low, high = divisions.area_of(divisions.widen(area))
    name = client or f"{department}-{area}"
    ceiling = compartments_of(department)
    return Reach(low, high, department, name, categories_of(department), (name,), ceiling)


STRANGERS = [reach(department, ELSEWHERE) for department in Department]


@asynccontextmanager
async def as_service(world: World, service: str) -> AsyncIterator[Any]:
    """A connection as the runtime role, on which nobody has set a reach."""
    connection = await asyncpg.connect(world.hub.urls[service].app)
    try:
        yield connection
    finally:
        await connection.close()


async def enter(connection: Any, one: Reach) -> None:
    values = (
        str(one.low),
        str(one.high),
        one.department,
        one.client,
        ",".join(one.categories),
        ",".join(one.sources),
        ",".join(one.compartments),
        one.compartment,
    )
    for name, value in zip(SETTINGS, values, strict=True):
        await connection.execute("SELECT set_config($1, $2, true)", f"hutong.{name}", value)


async def protected(world: World, service: str) -> list[str]:
    return [
        row["relname"]
        for row in await world.rows(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND relkind IN ('r', 'p')"
            " ORDER BY relname",
            service=service,
        )
    ]


async def visible(connection: Any, table: str) -> int:
    """How many rows a query without any filter shows."""
    return len(await connection.fetch(f'SELECT * FROM "{table}"'))


@pytest.mark.parametrize("service", GUARDED)
async def test_every_protected_table_holds_something_to_hide(told: World, service: str) -> None:
    empty = [
        table
        for table in await protected(told, service)
        if not await told.rows(f'SELECT 1 FROM "{table}" LIMIT 1', service=service)
    ]
    assert not empty


@pytest.mark.parametrize("service", GUARDED)
@pytest.mark.parametrize("one", STRANGERS, ids=lambda one: str(one.department))
async def test_a_foreign_reach_sees_no_row_of_any_protected_table(
    told: World, service: str, one: Reach
) -> None:
    seen = {}
    async with as_service(told, service) as connection:
        for table in await protected(told, service):
            async with connection.transaction():
                await enter(connection, one)
                if count := await visible(connection, table):
                    seen[table] = count
    assert not seen


@pytest.mark.parametrize("service", GUARDED)
async def test_no_reach_sees_nothing(told: World, service: str) -> None:
    async with as_service(told, service) as connection:
        assert {await visible(connection, t) for t in await protected(told, service)} == {0}
        for table in await protected(told, service):
            async with connection.transaction():
                await enter(connection, NOTHING)
                assert await visible(connection, table) == 0


@pytest.mark.parametrize("service", GUARDED)
async def test_the_services_own_reach_does_see(told: World, service: str) -> None:
    """Else the tests above would show nothing."""
    async with as_service(told, service) as connection:
        for table in await protected(told, service):
            async with connection.transaction():
                await enter(connection, SYSTEM)
                assert await visible(connection, table) > 0, table


async def test_no_reach_that_a_grant_can_give_is_the_services_own(told: World) -> None:
    assert SYSTEM.department not in set(Department)


@pytest.mark.parametrize("service", GUARDED)
async def test_a_foreign_reach_changes_no_row(told: World, service: str) -> None:
    """Nor deletes any, even where the grant on the table would allow it."""
    touched = {}
    async with as_service(told, service) as connection:
        for table in await protected(told, service):
            column = await connection.fetchval(
                "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum = 1",
                table,
            )
            for act in (f'UPDATE "{table}" SET {column} = {column}', f'DELETE FROM "{table}"'):
                try:
                    async with connection.transaction():
                        await enter(connection, STRANGERS[0])
                        done = await connection.execute(act)
                except asyncpg.InsufficientPrivilegeError:
                    continue
                if done.split()[-1] != "0":
                    touched[table] = done
    assert not touched


@pytest.mark.parametrize("service", GUARDED)
async def test_whatever_says_where_a_child_is_is_protected_and_forced(
    told: World, service: str
) -> None:
    rows = await told.rows(
        "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced,"
        " array_agg(a.attname::text) AS columns"
        " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
        " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace GROUP BY 1, 2",
        service=service,
    )
    bare = {
        row["relname"]
        for row in rows
        if not row["forced"] and any(PLACED.search(name) for name in row["columns"])
    }
    assert bare == set(UNPROTECTED[service])
    assert {r["relname"] for r in rows if r["forced"]} == set(await protected(told, service))


@pytest.mark.parametrize("service", [*GUARDED, "matching"])
async def test_the_runtime_role_has_no_way_round(told: World, service: str) -> None:
    async with as_service(told, service) as connection:
        role = await connection.fetchrow("SELECT * FROM pg_roles WHERE rolname = current_user")
        for power in ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolreplication"):
            assert not role[power], power
        assert not await connection.fetch(
            "SELECT relname FROM pg_class WHERE pg_has_role(current_user, relowner, 'MEMBER')"
        )
        assert not await connection.fetch(
            "SELECT 1 FROM pg_auth_members WHERE member = current_user::regrole"
        )
        assert not await connection.fetch(
            "SELECT nspname FROM pg_namespace WHERE has_schema_privilege(oid, 'CREATE')"
            " AND nspname !~ '^pg_temp'"
        )
        await connection.execute("SET row_security = off")
        for table in await protected(told, service):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f'SELECT * FROM "{table}"')


@pytest.mark.parametrize("service", GUARDED)
async def test_the_owner_is_bound_too(told: World, service: str) -> None:
    connection = await asyncpg.connect(told.hub.urls[service].owner)
    try:
        assert {await visible(connection, t) for t in await protected(told, service)} == {0}
    finally:
        await connection.close()


async def test_a_connection_forgets_its_reach_when_it_is_given_back(told: World) -> None:
    database = Database(told.hub.urls["registry"].app, 1)
    count = text("SELECT count(*) FROM children")
    try:
        async with database.transaction(SYSTEM) as session:
            assert (await (await session.connection()).execute(count)).scalar_one() > 0
            first = (await raw(session)).get_server_pid()
        with pytest.raises(ZeroDivisionError):
            async with database.transaction(SYSTEM) as session:
                raise ZeroDivisionError
        async with database.transaction(NOTHING) as session:
            assert (await (await session.connection()).execute(count)).scalar_one() == 0
            assert (await raw(session)).get_server_pid() == first
        async with database.engine.connect() as connection:  # nobody entered a reach
            settings = [
                (
                    await connection.execute(text(f"SELECT current_setting('hutong.{s}', true)"))
                ).scalar()
                for s in SETTINGS
            ]
            assert not any(settings)
            try:
                shown = (await connection.execute(count)).scalar_one()
            except DBAPIError as error:
                # '' is no number: where a reach has been before, forgetting it fails instead of hiding.
                assert "invalid input syntax for type bigint" in str(error)
            else:
                assert shown == 0
    finally:
        await database.close()
