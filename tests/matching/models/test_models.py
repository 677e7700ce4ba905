"""Registered models: immutable, one of them active, their frequencies known by keyed hashes alone."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from math import log2
from pathlib import Path

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from services.local import secrets as key_files
from services.matching import linkage
from services.matching.application import create_app
from services.matching.keyings.following import Following, Keys
from services.matching.linkage import names, weights
from services.matching.linkage.weights import BadModel, Model
from services.matching.models import shipped
from services.matching.models.activating import activate, active, registered
from services.matching.models.registering import register
from services.matching.settings import MatchingSettings
from shared.clock import SystemClock
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
        first = await active(session, MASTER, NOW, shipped.MADE_FOR)
        other = await register(session, OTHER, {}, MASTER, NOW)
        still = await active(session, MASTER, NOW, shipped.MADE_FOR)
        await activate(session, other.rule_version, NOW)
        now = await active(session, MASTER, NOW, shipped.MADE_FOR)

    assert first.model == still.model == shipped.model()
    assert now.model == weights.parse(OTHER)
    assert now.model.rule_version != first.model.rule_version


def alike(model: Model) -> Model:
    """The model without what goes by the number of children."""
    return replace(model, prior=0.0, rule_version="", faint=frozenset(), families=frozenset())


@given(children=st.integers(1, 10**9))
def test_in_a_large_hub_alone_one_shared_key_may_be_too_little(children: int) -> None:
    model = shipped.model(children)

    assert bool(model.faint) == bool(model.families) == (children >= shipped.LARGE)
    assert model.faint | model.families <= set(model.blocking)


@given(children=st.integers(1, 10**9))
def test_among_half_as_many_children_a_candidate_is_twice_as_likely_the_same(children: int) -> None:
    model, half = shipped.model(children), shipped.model(max(1, children // 2))

    assert alike(model) == alike(half)
    assert (2 * model.prior).is_integer()
    assert 0 <= half.prior - model.prior <= 1.5
    if children >= 2 * shipped.FEWEST:
        assert abs(half.prior - model.prior - 1) <= 0.5
    assert abs(model.prior + log2(max(children, shipped.FEWEST)) - 1.932) <= 0.26


def test_the_carried_file_is_for_a_million() -> None:
    carried = resources.files(linkage).joinpath("model.toml").read_bytes()
    assert shipped.text(1_000_000) == shipped.text() == carried
    assert shipped.text(900_000) == carried
    assert shipped.text(20_000) == shipped.text(1) != carried


async def test_the_first_model_is_for_the_hubs_number_of_children(store: Database) -> None:
    held = Keys(MASTER, new_key_set())
    county, another = (Following(lambda: held, SystemClock(), n) for n in (20_000, 1_000_000))
    async with store.transaction(SYSTEM) as session:
        first = (await county.current(session)).model
        still = (await another.current(session)).model

    assert first == still == shipped.model(20_000)
    assert first.prior == -14.5


async def test_what_the_environment_says_of_children_reaches_the_linker(
    database: MakeDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_files.make(tmp_path)
    _, url = await database("matching")
    monkeypatch.setenv("HUTONG_HOME", str(tmp_path))
    monkeypatch.setenv("HUTONG_MATCHING_DATABASE_URL", url)
    monkeypatch.setenv("HUTONG_CHILDREN", "200000")

    app = create_app(MatchingSettings())

    async with app.router.lifespan_context(app), app.state.database.transaction(SYSTEM) as session:
        linker = await app.state.following.current(session)
    assert linker.model == shipped.model(200_000)


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
        await active(session, MASTER, NOW, shipped.MADE_FOR)
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
