"""An alert that stands where the office is that told it, once the county of that office has ended: its heir answers for it.

Cast: 渝北 and 江北 became 两江新区 on 6 November 2025; of the child a costly bill alone tells, and nobody where it lives.
"""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.registry.children.turning import turn_batch
from shared.clock import today
from shared.database import SYSTEM
from tests.registry.conftest import Registry
from tests.registry.handing import civil
from tests.registry.key_care import CAO, fold, link, push
from tests.registry.test_alerts import act, alerts, bill, proven, the_alert
from tests.registry.test_renumbered_files import beibei, liangjiang, yubei
from tests.registry.test_successions import (
    DAY,
    EVE,
    LIANGJIANG,
    YUBEI,
    at,
    living_in,
    row_of,
    sweep,
)
from tests.registry.test_upgrading import migrated

WANZHOU = "500101000000"


async def billed(registry: Registry, child: UUID | None, on: date = EVE, **more: Any) -> UUID:
    """A bill that the insurer of 渝北 told of, by the code that its system knows; its record."""
    cost = {**bill(yubei, observed_on=f"{on}", **more), "incurred_on": f"{on}"}
    (record,) = await push(registry, "medical_insurance:500112", "medical-cost-alerts", cost)
    if child is not None:
        await link(registry, [record], [child])
    return record


async def listed(registry: Registry, place: str) -> list[str]:
    found = await alerts(await civil(registry, place), kind="costly_bill")
    return [one["division"] for one in found]


@pytest.mark.parametrize(
    "more",
    [{}, {"residence": {"division": CAO, "since": "2025-01-10"}}],
    ids=["home unknown", "home in another hub's territory"],
)
async def test_r2_r41_an_alert_of_a_child_who_lives_nowhere_here_passes_to_the_heir_on_the_day(
    registry: Registry, more: dict[str, Any]
) -> None:
    at(registry, EVE)
    child = uuid4()
    await billed(registry, child, **more)
    assert (await row_of(registry, child))["next_change_on"] == DAY
    assert [await listed(registry, place) for place in (yubei, liangjiang)] == [[yubei], []]
    await proven(registry)

    at(registry, DAY)
    async with registry.database.transaction(SYSTEM) as session:
        kit, now = registry.app.state.kit, registry.clock.now()
        assert await turn_batch(session, kit, 500, today(registry.clock), now) == 1
    await proven(registry)
    assert await listed(registry, liangjiang) == [liangjiang]
    assert await listed(registry, beibei) == []
    heir = await civil(registry, liangjiang)
    seen = await the_alert(heir, "costly_bill")
    done = await act(heir, seen["id"], "handle", outcome="helped")
    assert (done.status_code, done.json()["state"]) == (200, "handled"), done.text
    await proven(registry)


async def test_r2_r41_an_alert_of_then_bears_the_code_of_then_and_is_told_to_the_heir(
    registry: Registry,
) -> None:
    at(registry, EVE)
    child = uuid4()
    await billed(registry, child, hukou={"division": WANZHOU})
    moment = registry.clock.at.isoformat()
    at(registry, DAY)
    await sweep(registry)
    above = await civil(registry, "500000")
    asked = {"child": str(child), "kind": "costly_bill"}
    (now,), (then,) = await alerts(above, **asked), await alerts(above, **asked, known_at=moment)
    assert (now["id"], now["division"]) == (then["id"], liangjiang)
    assert then["division"] == yubei
    for within, found in ((liangjiang, 1), (beibei, 0)):
        told = await alerts(above, **asked, known_at=moment, within=within)
        assert len(told) == found, within


async def test_r2_r41_an_alert_of_nobody_yet_passes_to_the_heir_and_stays_proven(
    registry: Registry,
) -> None:
    at(registry, EVE)
    record = await billed(registry, None)
    at(registry, DAY)
    await sweep(registry)
    assert await listed(registry, liangjiang) == [liangjiang]
    await proven(registry)
    # Told on the day itself by the old code, it waits for no daily step.
    await billed(registry, None, DAY)
    assert await listed(registry, liangjiang) == [liangjiang, liangjiang]
    await proven(registry)
    # Somebody's, and nobody's again: it goes back to who answers for it now.
    for person in (uuid4(), None):
        await link(registry, [record], [person])
        assert await listed(registry, liangjiang) == [liangjiang, liangjiang]
        await proven(registry)


async def test_r2_r41_an_alert_of_nobody_yet_stands_nowhere_else_unnoticed(
    registry: Registry,
) -> None:
    at(registry, EVE)
    await billed(registry, None)
    at(registry, DAY)
    await sweep(registry)
    await registry.system("UPDATE alerts SET residence_code = 500109000000")
    with pytest.raises(AssertionError):
        await proven(registry)
    await registry.system("UPDATE alerts SET residence_code = $1", LIANGJIANG)
    await proven(registry)


async def test_r2_r41_what_an_earlier_release_left_with_an_ended_county_is_carried(
    registry: Registry,
) -> None:
    at(registry, DAY)
    child = uuid4()
    await billed(registry, child)
    # As it folded it: under the code that the office told, and with no day to come back on.
    await registry.system("UPDATE alerts SET residence_code = 500112000000")
    await registry.system("UPDATE children SET digest = substr(digest, 1, 72)")
    assert await listed(registry, liangjiang) == []
    await sweep(registry)
    assert await listed(registry, liangjiang) == [liangjiang]
    await proven(registry)


async def test_r2_r41_after_the_upgrade_only_who_is_told_of_elsewhere_is_folded_once_more(
    registry: Registry,
) -> None:
    at(registry, EVE)
    child = uuid4()
    await billed(registry, child)
    await living_in(registry, YUBEI)
    await migrated(registry, "0023")
    await registry.system("DELETE FROM fold_queue")
    await migrated(registry, "head")
    assert [r["child_id"] for r in await registry.system("SELECT * FROM fold_queue")] == [child]
    await fold(registry)
    await proven(registry)
