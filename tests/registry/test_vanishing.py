"""What may not vanish, nor be moved, past the hub: former links, positions in the changes; and what an erasure must still reach."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.registry import proving
from shared.database import SYSTEM, raw
from tests.registry.conftest import FixedClock, Registry
from tests.registry.key_care import YUZHONG, link, push, survey, surveyed
from tests.registry.test_changes import follow, number
from tests.registry.test_erasures import erase

CIVIL = "civil_affairs:500103"


async def faults(registry: Registry) -> list[str]:
    async with registry.database.transaction(SYSTEM) as session:
        keys = registry.app.state.kit.audit
        return [fault async for fault in proving.faults_of(session, keys)]


async def as_runtime(registry: Registry, statement: str, *values: Any) -> str:
    async with registry.database.transaction(SYSTEM) as session:
        return str(await (await raw(session)).execute(statement, *values))


async def relinked(registry: Registry, clock: FixedClock) -> tuple[UUID, UUID]:
    """An entry that spoke of one child, of whom another still speaks, and now of another child."""
    before, now = uuid4(), uuid4()
    records = await push(registry, CIVIL, "surveys", survey(YUZHONG), survey(YUZHONG))
    await link(registry, records, [before, before])
    clock.at += timedelta(days=2)
    await link(registry, records[:1], [now])
    return before, now


async def looked_back(registry: Registry, child: UUID, clock: FixedClock) -> int:
    civil = await registry(CIVIL)
    asked = {"known_at": (clock.at - timedelta(days=1)).isoformat()}
    return (await civil.get(f"/v1/children/{child}", params=asked)).status_code


async def test_r17_the_past_is_not_told_from_a_former_link_of_somebody_elses_making(
    registry: Registry, clock: FixedClock
) -> None:
    before, _ = await relinked(registry, clock)
    assert await looked_back(registry, before, clock) == 200
    later = "UPDATE former_links SET replaced_at = replaced_at + interval '{}1 day'"
    await registry.system(later.format(""))
    assert await looked_back(registry, before, clock) == 404
    await registry.system(later.format("-"))
    assert await looked_back(registry, before, clock) == 200
    # Nor is another child's past: one that was moved to it whole makes it unreadable, and tells it nothing.
    (other,) = await surveyed(registry)
    clock.at += timedelta(days=2)
    assert await looked_back(registry, other, clock) == 200
    await registry.system("UPDATE former_links SET person = $1", other)
    assert await looked_back(registry, other, clock) == 404


async def test_r17_a_former_link_that_was_taken_away_is_missed(
    registry: Registry, clock: FixedClock
) -> None:
    await relinked(registry, clock)
    (row,) = await registry.system("SELECT * FROM former_links")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await as_runtime(registry, "DELETE FROM former_links")
    assert await faults(registry) == []
    await registry.system("DELETE FROM former_links")
    assert await faults(registry) == [
        f"former link {row['entry_id']} {row['link_seq']} was taken away"
    ]


@pytest.mark.parametrize("which", [0, 1])
async def test_r46_an_erasure_takes_former_links_along_and_nothing_is_missed(
    registry: Registry, clock: FixedClock, which: int
) -> None:
    """The erasure of whom the entry spoke of, or of whom it speaks of now."""
    both = await relinked(registry, clock)
    await erase(registry, both[which])
    assert await registry.system("SELECT * FROM former_links") == []
    assert await faults(registry) == []


async def test_r24_a_client_is_not_led_past_changes_by_a_position_that_was_moved(
    registry: Registry,
) -> None:
    await surveyed(registry)
    await number(registry)
    civil = await registry(CIVIL)
    (first,), position = await follow(civil, None)
    assert (await follow(civil, position))[0] == []
    assert (await follow(civil, None))[0] == []
    await registry.system("UPDATE change_positions SET position = position + 1")
    assert (await follow(civil, None))[0] == [first]
    assert "was forged or changed" in (await faults(registry))[0]
    await follow(civil, position)
    assert await faults(registry) == []
    assert (await follow(civil, None))[0] == []


async def test_r46_an_act_that_names_no_sibling_stands_in_no_erasures_way(
    registry: Registry,
) -> None:
    """Written past the hub: its cause cannot be read as anybody's id."""
    (child,) = await surveyed(registry)
    await registry.system(
        "INSERT INTO alert_acts (id, alert_id, anchor, kind, cause, raised_on, act, outcome, client,"
        " department, actor, acted_at, sealed) VALUES ($1, $1, $1, 'sibling_in_care',"
        " 'nobody at all', '2026-03-02', 'acknowledge', '', 'x', 'x', 'x', now(), '')",
        uuid4(),
    )
    await erase(registry, child)
    assert await registry.system("SELECT 1 FROM children") == []
