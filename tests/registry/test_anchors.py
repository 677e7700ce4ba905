"""What was decided and written about a child is not carried off by whoever had an entry linked to it."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.registry.children import rebuilding
from services.registry.erasures import destroying
from shared.database import SYSTEM, raw
from tests.guards.story import ENROLLED
from tests.registry.conftest import Registry
from tests.registry.key_care import YUZHONG, entries, fold, link, opened, push, survey
from tests.registry.test_cases import REPORT
from tests.registry.test_cases import opened as case_opened

ELSEWHERE = "500107000000"
CALM: dict[str, Any] = {"living_security": {}}


async def care_of(registry: Registry, child: UUID) -> list[str]:
    rows = await registry.system("SELECT category FROM key_care WHERE child_id = $1", child)
    return [row["category"] for row in rows]


async def decided(registry: Registry, *items: dict[str, Any]) -> tuple[UUID, list[UUID], str]:
    """A child of these surveys, whose vagrancy was decided by hand and reported to police: its records, the case."""
    records = []
    for item in items:
        records += await push(
            registry, f"civil_affairs:{item['division'][:6]}", "surveys", {**item, **CALM}
        )
    child = uuid4()
    await link(registry, records, [child] * len(records))
    registry.clock.at += timedelta(minutes=1)
    civil = await registry("civil_affairs:500103")
    await opened(civil, child)
    path = await case_opened(civil, child=None, child_id=str(child))
    registry.clock.at += timedelta(minutes=1)
    return child, records, path


async def anchor_of(registry: Registry, table: str) -> Any:
    (row,) = await registry.system(
        f"SELECT r.* FROM {table} d JOIN records r ON r.entry_id = d.anchor ORDER BY r.version LIMIT 1"
    )
    return row


async def test_a_word_is_anchored_where_the_child_is(registry: Registry) -> None:
    """However many entries another county pushed about it, and however surely they are linked."""
    strays = [survey(ELSEWHERE, **CALM) for _ in range(8)]
    records = await push(registry, "civil_affairs:500107", "surveys", *strays)
    here = {
        name: survey()[name]
        for name in ("version", "observed_on", "division", "child", "residence")
    }
    records += await push(
        registry, "education:500103", "enrolments", {**here, **ENROLLED, "source_id": "E"}
    )
    permit = {"event": "registered", "role": "accompanying", "registered_on": "2025-06-02"}
    records += await push(
        registry, "police:500103", "residence-permits", {**here, **permit, "source_id": "P"}
    )
    child = uuid4()
    await link(registry, records, [child] * len(records))
    await registry.system(
        "UPDATE links SET weight = weight + 1 WHERE entry_id IN"
        " (SELECT entry_id FROM records WHERE feed = 'surveys')"
    )
    civil = await registry("civil_affairs:500103")
    await opened(civil, child)
    await case_opened(civil, child=None, child_id=str(child))
    for table in ("decisions", "cases"):
        assert (await anchor_of(registry, table))["division"] == int(YUZHONG), table


HERS: dict[str, Any] = {"name": "示小满", "birth_date": "2017-05-03", "sex": "female"}
ANOTHER = {**HERS, "name": "示他人"}


@pytest.mark.parametrize(
    ("later", "stands", "follows"),
    [
        (ANOTHER, True, False),
        ({**HERS, "id_number": "500103201705030026"}, True, False),
        (None, True, True),
        ({**HERS, "phone": "14200000009"}, True, True),
        (ANOTHER, False, True),
    ],
    ids=["another name", "another number", "no version", "the same child", "all went"],
)
async def test_a_word_follows_its_anchor_unless_its_source_leads_it_astray(
    registry: Registry, later: dict[str, Any] | None, stands: bool, follows: bool
) -> None:
    items = [survey(child=HERS), survey(child=HERS)]
    child, records, path = await decided(registry, *items)
    anchor = await anchor_of(registry, "decisions")
    at = records.index(anchor["id"])
    if later is not None:
        await push(
            registry,
            "civil_affairs:500103",
            "surveys",
            {**items[at], **CALM, "version": 2, "child": later},
        )
    other = uuid4()
    await link(registry, records, [other if i == at or not stands else child for i in (0, 1)])
    civil = await registry("civil_affairs:500103")
    cared, bare = (other, child) if follows else (child, other)
    assert await care_of(registry, cared) == ["vagrancy"]
    assert await care_of(registry, bare) == []
    (entry,) = await entries(civil)
    seen = (await civil.get(f"/v1/key-care/{entry['id']}")).json()
    assert [one["decision"] for one in seen["decisions"]] == ["open"]
    assert (await civil.get(path)).json()["child"] == str(cared)
    app = registry.app.state
    assert [one async for one in rebuilding.verify(app.database, app.kit)] == []


async def test_when_the_child_goes_what_stayed_with_it_is_folded_where_it_is_then(
    registry: Registry,
) -> None:
    items = [survey(child=HERS), survey(child=HERS)]
    child, records, _ = await decided(registry, *items)
    at = records.index((await anchor_of(registry, "decisions"))["id"])
    led = {**items[at], **CALM, "version": 2, "child": ANOTHER}
    await push(registry, "civil_affairs:500103", "surveys", led)
    other, third = uuid4(), uuid4()
    await link(registry, records, [other if i == at else child for i in (0, 1)])
    await link(registry, [records[1 - at]], [third])
    await fold(registry)
    app = registry.app.state
    assert [one async for one in rebuilding.verify(app.database, app.kit)] == []
    await link(registry, [records[1 - at]], [child])
    assert await care_of(registry, child) == ["vagrancy"]
    assert await care_of(registry, other) == []


async def test_erasing_another_child_leaves_what_was_said_of_this_one(registry: Registry) -> None:
    """And so does the replay of that erasure in a restored database, in which no key is at hand."""
    items = [survey(child=HERS), survey(child=HERS)]
    child, records, path = await decided(registry, *items)
    anchor = await anchor_of(registry, "decisions")
    at = records.index(anchor["id"])
    led = {**items[at], **CALM, "version": 2, "child": ANOTHER}
    await push(registry, "civil_affairs:500103", "surveys", led)
    other = uuid4()
    await link(registry, records, [other if i == at else child for i in (0, 1)])
    erasure = uuid4()
    await registry.system(
        "INSERT INTO erasures (id, child_id, ground, hold, state, request_client, request_actor, requested_at,"
        " erased_at, mac) VALUES ($1, $2, 'court_order', false, 'erased', 'c', 'a', now(), now(), '')",
        erasure,
        other,
    )
    await registry.system(
        "INSERT INTO erased_entries (erasure_id, entry_id, hold) VALUES ($1, $2, false)",
        erasure,
        anchor["entry_id"],
    )
    for sealer in (registry.app.state.kit.sealer, None):
        async with registry.database.transaction(SYSTEM) as session:
            connection = await raw(session)
            gone = await destroying.lock(connection, other)
            assert gone == [anchor["entry_id"]]
            await destroying.destroy(connection, sealer, other, gone)
    await registry.system("UPDATE links SET person = NULL WHERE person = $1", other)
    async with registry.database.transaction(SYSTEM) as session:
        await destroying.destroy(await raw(session), None, other, [anchor["entry_id"]])
    await fold(registry)
    assert await care_of(registry, child) == ["vagrancy"]
    civil = await registry("civil_affairs:500103")
    assert (await civil.get(path)).json()["account"] == REPORT["account"]
