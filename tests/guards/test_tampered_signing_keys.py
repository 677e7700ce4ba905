"""Whoever can write to the tables of notifications, past every grant, cannot put a signing key of their own in: it is named."""

from uuid import UUID

import pytest
import pytest_asyncio

from services.notifications.subscriptions import proving
from shared.database import SYSTEM
from tests.guards.story import World
from tests.guards.tampering import columns_of, owner, tampered

pytestmark = pytest.mark.asyncio(loop_scope="module")

WHERE = "notifications"


async def faults(world: World) -> list[str]:
    app = world.hub.apps[WHERE]
    async with app.state.database.transaction(SYSTEM) as session:
        return [line async for line in proving.faults_of(session, app.state.master_keys)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def key(told: World) -> UUID:
    (row, *_) = await told.rows("SELECT id FROM signing_keys ORDER BY id", service=WHERE)
    assert await faults(told) == []
    return UUID(str(row["id"]))


@pytest.mark.parametrize("name", columns_of("signing_keys", WHERE))
async def test_a_signing_key(told: World, key: UUID, name: str) -> None:
    if name == "receiver":  # no other receiver's: the database itself would refuse an unknown one
        (other, *_) = await told.rows(
            "SELECT id FROM receivers WHERE kind = 'subscription' AND id NOT IN"
            " (SELECT receiver FROM signing_keys WHERE id = $1)",
            key,
            service=WHERE,
        )
        async with owner(told, WHERE) as connection:
            change = "UPDATE signing_keys SET receiver = $1 WHERE id = $2 RETURNING receiver"
            was = await connection.fetchval("SELECT receiver FROM signing_keys WHERE id = $1", key)
            await connection.execute(change, other["id"], key)
            try:
                found = await faults(told)
            finally:
                await connection.execute(change, was, key)
        assert f"signing_keys {key}: was changed" in found
        return
    async with tampered(told, WHERE, "signing_keys", name, "id", key) as now:
        found = await faults(told)
    wrong = "has lost its key" if name == "id" else "was changed"
    assert f"signing_keys {now}: {wrong}" in found
    assert all(str(now) in line or str(key) in line for line in found), found


@pytest.mark.parametrize("name", columns_of("vault.data_keys", WHERE))
async def test_its_data_key(told: World, key: UUID, name: str) -> None:
    async with tampered(told, WHERE, "data_keys", name, "id", key) as now:
        found = await faults(told)
    lost = [f"signing_keys {key}: has lost its key", f"data_keys {now}: opens nothing"]
    assert found == (lost if name == "id" else [f"signing_keys {key}: was changed"])
