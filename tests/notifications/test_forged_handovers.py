"""Whoever writes to the database of notifications, and holds no key, moves no child's file from one hub to another, and back.

An answer bears a MAC, and so does that a notice was withdrawn or refused; where a notice stands does not, so that nothing is said
to a registry or a peer by that alone.
"""

from datetime import timedelta
from uuid import uuid4

import httpx
import orjson
import pytest

from services.notifications import proving
from services.notifications.peers import read_key
from shared.database import SYSTEM
from tests.notifications.hubs import Hub
from tests.notifications.test_handing_over import (
    BEFORE,
    NEXT,
    Counties,
    counties,
    withdrawn,
)

__all__ = ["counties"]


async def put(hub: Hub, state: str) -> None:
    """What the thief makes of the notice, to be pushed and told again."""
    await hub.rows(
        "UPDATE notices SET state = $1, pushed = 'waiting', due_at = created_at,"
        " untold = true WHERE kind = 'handover'",
        state,
    )


async def test_r6_an_acceptance_that_stands_is_taken_back_by_nobodys_act(
    counties: Counties,
) -> None:
    await counties.propose()
    day = counties.today + timedelta(days=5)
    await counties.answer(outcome="confirmed", effective_on=day.isoformat())
    assert (await counties.received())["settled"] == "kept"
    for hub in (counties.heze, counties.chongqing):
        await put(hub, "withdrawn")
        await counties.settle()
        assert await counties.responsible(day) == (NEXT, NEXT), hub.name


async def test_r6_of_an_answer_on_its_way_the_other_hub_hears_nothing_else(
    counties: Counties,
) -> None:
    """Our registry is not there when the answer comes; the thief has the notice taken back meanwhile."""
    await counties.propose()
    day = counties.today + timedelta(days=5)
    network, registry = counties.chongqing.network, counties.chongqing.url("registry")
    network.cut.add(registry)
    await counties.answer(outcome="confirmed", effective_on=day.isoformat())
    await put(counties.chongqing, "withdrawn")
    await counties.settle()
    assert (await counties.received()).get("settled") is None, "nobody took it back"
    network.cut.discard(registry)
    await counties.days_pass(1)
    assert await counties.responsible(day) == (NEXT, NEXT)
    assert (await counties.received())["settled"] == "kept"


async def test_r6_an_acceptance_that_is_void_is_none_again(counties: Counties) -> None:
    """It was void before the registry there had heard of it, and so knows of no act that ended it."""
    await counties.propose()
    await counties.received()
    network, day = counties.chongqing.network, counties.today + timedelta(days=1)
    network.cut.add(counties.heze.url("registry"))
    network.silent.add(counties.chongqing.url("notifications"))
    await counties.answer(outcome="confirmed", effective_on=day.isoformat())
    assert (await withdrawn(counties)).status_code == 200
    await counties.settle()
    network.silent.clear()
    network.cut.clear()
    await counties.days_pass(1)
    assert (await counties.received())["settled"] == "void"
    assert await counties.responsible(counties.today) == BEFORE
    await put(counties.heze, "answered")
    await counties.settle()
    await counties.days_pass(2)
    assert await counties.responsible(counties.today) == BEFORE


async def test_r6_what_was_never_answered_is_taken_back_by_nobodys_act(counties: Counties) -> None:
    """Ours to the other hub: the thief has it withdrawn, and the other hub hears nothing, nor does our registry."""
    await counties.propose()
    before = await counties.received()
    await put(counties.chongqing, "withdrawn")
    await counties.settle()
    assert (await counties.received())["state"] == before["state"]
    assert await counties.state() == "proposed"
    assert any("answer of notice" in fault for fault in await faults(counties.chongqing))


async def test_r6_what_was_never_answered_is_sent_back_by_nobodys_act(counties: Counties) -> None:
    """Theirs to our county: the thief has it refused, and the hub that asks is not told so."""
    await counties.propose()
    await put(counties.heze, "refused")
    await counties.settle()
    assert await counties.state() == "proposed"
    assert any("answer of notice" in fault for fault in await faults(counties.heze))


async def faults(hub: Hub) -> list[str]:
    """What `hutong audit verify` would say of the notices."""
    async with hub.worker.database.transaction(SYSTEM) as session:
        return [fault async for fault in proving.faults_of(session, hub.worker.hub.audit)]


@pytest.mark.parametrize("by", ["erasure", "move of the hukou", "person"])
async def test_what_is_withdrawn_here_is_told_with_its_proof(
    chongqing: Hub, home: httpx.AsyncClient, by: str
) -> None:
    """Whoever withdraws a notice, of whatever kind, binds it: the other hub hears so, and the proof stands."""
    public = read_key(chongqing.home / "keys" / "notifications" / "hub.key").public_key()
    there = chongqing.url("notifications"), chongqing.url("registry")
    await chongqing.peer("heze", "3717", *there, public)
    child = uuid4()
    await chongqing.tell(chongqing.event("child.registered", child, hukou="371721000000"))
    ours = "SELECT id, state, version, peer, untold FROM notices"
    (sent,) = await chongqing.rows(ours)
    assert sent["peer"] == "heze"
    if by == "erasure":
        await chongqing.tell(chongqing.event("child.erased", child))
    elif by == "person":
        tag = {"If-Match": f'"{sent["version"]}"'}
        reply = await home.post(f"/v1/notices/{sent['id']}/withdrawal", headers=tag)
        assert reply.status_code == 200, reply.text
        await chongqing.worker.settle()
    else:
        changed = {"hukou": "371702000000", "previous_hukou": "371721000000"}
        await chongqing.tell(chongqing.event("child.hukou_changed", child, **changed))
    told = "SELECT body FROM deliveries WHERE path = '/v1/peer/receipts'"
    bodies = [orjson.loads(row["body"])["data"] for row in await chongqing.rows(told)]
    assert bodies == [{"notice": str(sent["id"]), "state": "withdrawn"}]
    assert await faults(chongqing) == []
    await chongqing.rows(
        "UPDATE notices SET ended_at = ended_at + interval '1 day', untold = true WHERE id = $1",
        sent["id"],
    )
    await chongqing.worker.settle()
    assert len(await chongqing.rows(told)) == 1, "what was changed is not told"
    assert await faults(chongqing) != []
