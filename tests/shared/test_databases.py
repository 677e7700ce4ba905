"""The test databases themselves: separate, migrated, and the runtime role's alone to use."""

import asyncpg
import pytest

from tests.databases import GivenServer, MakeDatabase

SERVICES = ["registry", "matching", "notifications"]


async def tables(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {row["tablename"] for row in rows}
    finally:
        await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_two_databases_of_a_service_are_alike_and_apart(
    database: MakeDatabase, service: str
) -> None:
    first, second = await database(service), await database(service)

    connection = await asyncpg.connect(first.owner)
    await connection.execute("CREATE TABLE only_here (n int)")
    await connection.close()

    assert "alembic_version" in await tables(second.app)
    assert await tables(first.app) == await tables(second.app) | {"only_here"}


async def test_the_runtime_role_owns_nothing(database: MakeDatabase) -> None:
    _, app = await database("registry")
    connection = await asyncpg.connect(app)
    try:
        owned = "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole"
        assert await connection.fetchval(owned) == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE TABLE mine (n int)")
    finally:
        await connection.close()


def test_a_given_server_is_addressed_per_database_and_role() -> None:
    server = GivenServer("postgresql://root:s%40x@db:6000/postgres?sslmode=require")
    assert server.url("a") == "postgresql://root:s%40x@db:6000/a?sslmode=require"
    assert server.url("a", "b", "c/d") == "postgresql://b:c%2Fd@db:6000/a?sslmode=require"
