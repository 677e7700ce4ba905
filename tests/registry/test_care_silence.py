"""Silence about key care: where nothing else changed, whoever does not see it cannot tell that anything did."""

from typing import Any
from uuid import UUID

import pytest

from services.registry.children import rebuilding
from shared.vocabulary import Scope
from tests.registry.conftest import Registry
from tests.registry.key_care import decide, link, opened, push, survey, surveyed, the_entry
from tests.registry.test_changes import follow, kinds, number

BLIND = frozenset(Scope) - {Scope.KEY_CARE_READ}
#: Who follows, and whether it sees that key care for vagrancy changed, or for leaving school.
READERS: list[tuple[str, dict[str, Any], bool, bool]] = [
    ("civil_affairs:500103", {}, True, True),
    ("civil_affairs:50", {}, True, True),
    ("civil_affairs:500103", {"scopes": BLIND}, False, False),
    ("civil_affairs:50", {"scopes": BLIND}, False, False),
    ("civil_affairs:500103", {"purpose": "statistics"}, False, False),
    ("education:500103", {"purpose": "service"}, False, True),
    ("education:50", {"purpose": "verification"}, False, False),
    ("police:500103", {"purpose": "service"}, False, False),
]


async def events(registry: Registry, child: UUID) -> list[str]:
    rows = await registry.system("SELECT type FROM outbox WHERE subject = $1 ORDER BY id", child)
    return [row["type"] for row in rows]


async def told(registry: Registry) -> list[Any]:
    return await registry.system("SELECT told FROM children ORDER BY id")


@pytest.mark.parametrize(("category", "seen_by"), [("vagrancy", 1), ("out_of_school", 2)])
async def test_only_who_sees_key_care_is_told_that_it_changed(
    registry: Registry, category: str, seen_by: int
) -> None:
    (child,) = await surveyed(registry, survey(living_security={}))
    await number(registry)
    clients = [await registry(who, **more) for who, more, *_ in READERS]
    before = [await follow(client) for client in clients]
    state, announced = await told(registry), await events(registry, child)

    await opened(clients[0], child, category)
    path, _ = await the_entry(clients[0], category=category)
    assert (await decide(clients[0], path, "close")).is_success
    await number(registry)
    for client, (found, position), reader in zip(clients, before, READERS, strict=True):
        expected = ["changed"] * 2 if reader[1 + seen_by] else []
        assert await kinds(client, position) == expected, reader
        again, after = await follow(client)
        if not expected:
            assert (again, len(after)) == (found, len(position)), reader
    assert await told(registry) == state  # nor is a roster's copy out of step
    assert await events(registry, child) == [*announced, "key_care.changed", "key_care.changed"]
    kit = registry.app.state.kit
    assert [d async for d in rebuilding.verify(registry.database, kit)] == []


async def test_what_changed_beside_key_care_is_told_to_all_as_ever(registry: Registry) -> None:
    item = survey(living_security={})
    (child,) = await surveyed(registry, item)
    await number(registry)
    blind = await registry("civil_affairs:500103", scopes=BLIND)
    _, position = await follow(blind)
    newer = {
        **item,
        "version": 2,
        "child": {**item["child"], "sex": "male"},
        "living_security": {"hardships": ["low_income"]},
    }
    await link(registry, await push(registry, "civil_affairs:500103", "surveys", newer), [child])
    await number(registry)
    assert await kinds(blind, position) == ["changed"]
    assert "child.updated" in await events(registry, child)
