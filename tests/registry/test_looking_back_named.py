"""Whoever looks back at a handover is recorded with every child that the answer may have told of; and no page is turned for
another purpose than that of its list."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from tests.registry.conftest import Registry
from tests.registry.handing import JIULONGPO, YUZHONG, civil, moved, proposed
from tests.registry.key_care import link
from tests.registry.test_cases import opened
from tests.registry.test_posts import STREET, VILLAGE, made

JANUARY, FEBRUARY = date(2025, 1, 6), date(2026, 2, 2)
PAST = "SELECT operation, subjects FROM audit_entries WHERE operation LIKE 'handovers.%\\_past' ORDER BY at, id"


async def parted(registry: Registry, child: UUID, records: list[UUID]) -> UUID:
    """Some of what was known of the child has since been found to speak of another."""
    other = uuid4()
    registry.clock.at += timedelta(minutes=1)
    await link(registry, records, [other] * len(records))
    return other


@pytest.mark.parametrize("due", [True, False], ids=["due", "proposed"])
async def test_r57_a_look_back_at_handovers_names_every_child_that_it_told_of(
    registry: Registry, due: bool
) -> None:
    child = uuid4()
    await moved(registry, child, YUZHONG, JANUARY)
    records = await moved(registry, child, JIULONGPO, FEBRUARY)
    city = await civil(registry, "50")
    if not due:
        await proposed(await civil(registry, YUZHONG), child, JIULONGPO)
    registry.clock.at += timedelta(minutes=1)
    moment = registry.clock.at.isoformat()
    other = await parted(registry, child, records)
    listed = await city.get("/v1/handovers", params={"child": str(child), "known_at": moment})
    (one,) = listed.json()["handovers"]
    assert one["state"] == ("due" if due else "proposed")
    anchored = await registry.system(
        "SELECT l.person FROM handover_acts a JOIN links l ON l.entry_id = a.anchor"
    )
    named = {child, other} if due else {child, *(row["person"] for row in anchored)}
    (row,) = await registry.system(PAST)
    assert set(row["subjects"]) == named == {child, other}


@pytest.mark.parametrize("path", ["/v1/handovers", "/v1/cases", "/v1/posts"])
async def test_a_page_is_turned_for_the_purpose_of_its_list_alone(
    registry: Registry, path: str
) -> None:
    who = await registry(f"civil_affairs:{YUZHONG[:6]}")
    for kind in ("child_director", "child_supervisor"):
        child = uuid4()
        await moved(registry, child, YUZHONG, JANUARY)
        await moved(registry, child, JIULONGPO, FEBRUARY)
        await opened(who)
        await made(who, division=STREET if kind == "child_supervisor" else VILLAGE, kind=kind)
    first = await who.get(path, params={"limit": 1})
    asked = {"limit": 1, "cursor": first.json()["next"]}
    assert (await who.get(path, params=asked)).status_code == 200
    refused = await who.get(path, params=asked, headers={"Hutong-Purpose": "service"})
    assert refused.status_code == 400
    assert refused.json()["type"].rsplit("/", 1)[-1] == "bad-cursor"
    assert "purpose" in refused.json()["title"]
