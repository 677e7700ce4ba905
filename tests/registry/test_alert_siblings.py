"""Alerts about siblings: told in their own places, of nobody who was erased or is no sibling any more, and of no crowd."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.registry.alerts import crowding
from shared.database import SYSTEM, raw
from tests.registry.conftest import Registry
from tests.registry.key_care import (
    TIANMEN,
    decide,
    fold,
    link,
    opened,
    push,
    survey,
    surveyed,
    the_entry,
)
from tests.registry.test_alerts import act, alerts, proven, the_alert


async def test_r41_a_sibling_of_a_child_in_care_is_alerted_in_its_own_place_alone(
    registry: Registry,
) -> None:
    father = [{"name": "示大山", "relation": "father", "id_number": "371721198804120114"}]
    plain = {"living_security": {}, "guardians": father}
    cared, near, _far = await surveyed(
        registry, survey(**plain), survey(**plain), survey(TIANMEN, **{**plain, "hukou": None})
    )
    civil = await registry("civil_affairs:500103")
    await opened(civil, cared, "vagrancy")
    await fold(registry)
    alert = await the_alert(civil, "sibling_in_care")
    assert alert["child"]["id"] == str(near)
    assert alert["about"] == {"category": "vagrancy"}
    assert await alerts(await registry("civil_affairs:429006"), kind="sibling_in_care") == []
    await proven(registry)

    path, _ = await the_entry(civil, category="vagrancy")
    await decide(civil, path, "close")
    await fold(registry)
    assert await alerts(civil, kind="sibling_in_care") == []
    await proven(registry)


async def in_care_with_a_sibling(registry: Registry) -> tuple[UUID, UUID, dict[str, Any]]:
    father = [{"name": "示大山", "relation": "father", "id_number": "371721198804120114"}]
    items = [survey(living_security={}, guardians=father) for _ in range(2)]
    cared, near = await surveyed(registry, *items)
    civil = await registry("civil_affairs:500103")
    await opened(civil, cared, "vagrancy")
    await fold(registry)
    assert (await the_alert(civil, "sibling_in_care"))["child"]["id"] == str(near)
    return cared, near, items[0]


async def test_r41_no_alert_tells_of_a_sibling_that_was_erased(registry: Registry) -> None:
    cared, _, _ = await in_care_with_a_sibling(registry)
    civil = await registry("civil_affairs:500103")
    colleague = await registry("civil_affairs:500103", actor="staff-8")
    asked = await civil.post(
        "/v1/erasures",
        json={"child_id": str(cared), "ground": "unlawful"},
        headers={"Idempotency-Key": "erase"},
    )
    approved = await colleague.post(f"/v1/erasures/{asked.json()['id']}/approvals")
    assert approved.status_code == 200, approved.text
    await fold(registry)
    assert await alerts(civil, kind="sibling_in_care") == []


async def test_r41_a_number_upon_too_many_children_makes_nobody_siblings(
    registry: Registry,
) -> None:
    """One push of it alerts nobody, ends what a smaller family was told, and asks for no more folds than it has children."""
    cared, near, item = await in_care_with_a_sibling(registry)
    civil = await registry("civil_affairs:500103")
    before = crowding.CROWDED._value.get()
    many = [survey(living_security={}, guardians=item["guardians"]) for _ in range(20)]
    children = await surveyed(registry, *many)
    assert await alerts(civil, kind="sibling_in_care") == []
    assert crowding.CROWDED._value.get() == before + 1
    await proven(registry)

    await opened(civil, children[0], "missing_guardianship")
    queued = await registry.system("SELECT child_id FROM fold_queue")
    assert {row["child_id"] for row in queued} <= {children[0]}
    await fold(registry)
    assert await alerts(civil, kind="sibling_in_care") == []

    rows = await registry.system(
        "SELECT r.id FROM records r JOIN links l ON l.entry_id = r.entry_id WHERE l.person = ANY($1)",
        children[1:3],
    )
    await link(registry, [row["id"] for row in rows], [None] * 2)
    told_ = await alerts(civil, kind="sibling_in_care")
    assert (
        len(told_) == 2 * 19
    )  # a family of twenty again: each is told of either other that is in care
    assert str(near) in {one["child"]["id"] for one in told_}
    assert str(cared) in {one["child"]["id"] for one in told_}
    await proven(registry)


async def erased(registry: Registry, child: UUID) -> None:
    civil = await registry("civil_affairs:500103")
    colleague = await registry("civil_affairs:500103", actor="staff-8")
    asked = await civil.post(
        "/v1/erasures",
        json={"child_id": str(child), "ground": "unlawful"},
        headers={"Idempotency-Key": str(uuid4())},
    )
    approved = await colleague.post(f"/v1/erasures/{asked.json()['id']}/approvals")
    assert approved.status_code == 200, approved.text
    await fold(registry)


@pytest.mark.parametrize("known_as", ["itself", "another"])
async def test_r41_nothing_done_about_an_alert_names_a_sibling_that_was_erased(
    registry: Registry, known_as: str
) -> None:
    """Under no id that it ever had: what was done about its siblings named it, and what it was in care for."""
    cared, near, _ = await in_care_with_a_sibling(registry)
    civil = await registry("civil_affairs:500103")
    alert = await the_alert(civil, "sibling_in_care")
    assert (await act(civil, alert["id"], "handle", outcome="helped", note="秘密")).is_success
    now = cared
    if known_as == "another":
        now = uuid4()
        (row,) = await registry.system(
            "SELECT r.id FROM records r JOIN links l ON l.entry_id = r.entry_id WHERE l.person = $1",
            cared,
        )
        await link(registry, [row["id"]], [now])
    (done,) = await registry.system("SELECT id, cause, child_id FROM alert_acts")
    assert (done["cause"], done["child_id"]) == (f"{cared.hex}:vagrancy", near)
    await erased(registry, now)
    assert await registry.system("SELECT cause FROM alert_acts") == []
    assert await registry.system("SELECT 1 FROM vault.data_keys WHERE id = $1", done["id"]) == []
    assert await alerts(civil, kind="sibling_in_care") == []
    await proven(registry)


async def test_r41_what_was_done_about_an_alert_goes_for_no_other_reason(
    registry: Registry,
) -> None:
    """Whoever serves cannot remove it past the hub, and an erasure that was invented for that cannot be removed again."""
    await in_care_with_a_sibling(registry)
    civil = await registry("civil_affairs:500103")
    alert = await the_alert(civil, "sibling_in_care")
    assert (await act(civil, alert["id"], "acknowledge")).is_success
    async with registry.database.transaction(SYSTEM) as session:
        connection = await raw(session)
        assert await connection.execute("DELETE FROM alert_acts") == "DELETE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with registry.database.transaction(SYSTEM) as session:
            await (await raw(session)).execute("DELETE FROM erasures")


@pytest.mark.parametrize("how", ["corrected", "merged"])
async def test_r41_no_alert_tells_of_whoever_is_no_sibling_any_more(
    registry: Registry, how: str
) -> None:
    cared, near, item = await in_care_with_a_sibling(registry)
    (row,) = await registry.system(
        "SELECT r.id FROM records r JOIN links l ON l.entry_id = r.entry_id WHERE l.person = $1",
        cared,
    )
    if how == "corrected":
        newer = {**item, "version": 2, "guardians": [{"name": "示他", "relation": "father"}]}
        await link(
            registry, await push(registry, "civil_affairs:500103", "surveys", newer), [cared]
        )
    else:
        await link(registry, [row["id"]], [None])
    civil = await registry("civil_affairs:500103")
    assert await alerts(civil, kind="sibling_in_care", child=str(near)) == []
    await proven(registry)
