"""Registered models: immutable, one of them active, their frequencies known by keyed hashes alone."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from services.matching.linkage import names, weights
from services.matching.linkage.weights import BadModel
from services.matching.models import shipped
from services.matching.models.activating import activate, active, registered
from services.matching.models.registering import register
from shared.database import SYSTEM, Database, raw
from shared.keys import new_key_set, rotated
from shared.problems import NotFound
from tests.databases import MakeDatabase

NOW = datetime(2026, 11, 22, tzinfo=UTC)
MASTER = new_key_set()
OTHER = shipped.text() + b"\n# another\n"
COMMON, RARE = names.read("王芳"), names.read("逄韫芷")


@pytest.fixture
async def store(database: MakeDatabase) -> AsyncIterator[Database]:
    _, url = await database("matching")
    found = Database(url, 2)
    yield found
    await found.close()


async def test_the_shipped_model_is_active_until_another_is(store: Database) -> None:
    async with store.transaction(SYSTEM) as session:
        first = await active(session, MASTER, NOW)
        other = await register(session, OTHER, {}, MASTER, NOW)
        still = await active(session, MASTER, NOW)
        await activate(session, other.rule_version, NOW)
        now = await active(session, MASTER, NOW)

    assert first.model == still.model == shipped.model()
    assert now.model == weights.parse(OTHER)
    assert now.model.rule_version != first.model.rule_version


async def test_a_model_comes_back_with_its_frequencies(store: Database) -> None:
    assert COMMON is not None
    assert RARE is not None
    async with store.transaction(SYSTEM) as session:
        model = await register(session, OTHER, {COMMON.text: 0.004}, MASTER, NOW)
        again = await register(session, OTHER, {COMMON.text: 0.9}, MASTER, NOW)
        found = await registered(session, model.rule_version, rotated(MASTER))

    assert again == model
    assert found.frequency(COMMON) == 0.004
    assert found.frequency(RARE) is None


async def test_no_name_is_stored_plain(store: Database) -> None:
    assert COMMON is not None
    async with store.transaction(SYSTEM) as session:
        await register(session, OTHER, {COMMON.text: 0.004}, MASTER, NOW)
        connection = await raw(session)
        rows = await connection.fetch("SELECT m::text FROM models m")
        rows += await connection.fetch("SELECT n::text FROM name_frequencies n")

    assert rows
    for (text,) in rows:
        assert COMMON.text not in text
        assert COMMON.text.encode().hex() not in text


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE models SET text = ''",
        "DELETE FROM models",
        "UPDATE name_frequencies SET share = 1",
        "DELETE FROM name_frequencies",
        "UPDATE activations SET rule_version = ''",
        "DELETE FROM activations",
    ],
)
async def test_what_is_registered_cannot_be_changed(store: Database, statement: str) -> None:
    async with store.transaction(SYSTEM) as session:
        await active(session, MASTER, NOW)
    with pytest.raises((asyncpg.InsufficientPrivilegeError, DBAPIError)):
        async with store.transaction(SYSTEM) as session:
            await (await raw(session)).execute(statement)


async def test_unknown_models_are_neither_found_nor_activated(store: Database) -> None:
    async with store.transaction(SYSTEM) as session:
        with pytest.raises(NotFound):
            await registered(session, "no-such", MASTER)
        with pytest.raises(NotFound):
            await activate(session, "no-such", NOW)
        with pytest.raises(BadModel):
            await register(session, b"prior = 1", {}, MASTER, NOW)
