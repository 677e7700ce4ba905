"""A notifications database with old data, brought to the newest revision: what was ended is told, once somebody vouched for it."""

from uuid import uuid4

import httpx
import orjson

from services.notifications import adopting, proving
from services.notifications.peers import read_key
from services.notifications.tables import METADATA
from shared import migrations
from shared.database import SYSTEM
from tests.notifications.hubs import Hub

_TOLD = "SELECT body FROM deliveries WHERE path = '/v1/peer/receipts'"
#: What revision 0008 added, as the owner takes it away again: no hub goes back.
_BEFORE = (
    "DROP INDEX notices_unsettled",
    "ALTER TABLE notices DROP COLUMN settles, DROP COLUMN asked_at",
    "UPDATE alembic_version SET version_num = '0007'",
)


async def faults(hub: Hub) -> list[str]:
    async with hub.worker.database.transaction(SYSTEM) as session:
        return [fault async for fault in proving.faults_of(session, hub.worker.hub.audit)]


async def test_r6_what_was_withdrawn_before_revision_0008_is_told_once_it_was_vouched_for(
    chongqing: Hub, home: httpx.AsyncClient
) -> None:
    """One was withdrawn and told, one was about to be told: neither bore a MAC."""
    public = read_key(chongqing.home / "keys" / "notifications" / "hub.key").public_key()
    there = chongqing.url("notifications"), chongqing.url("registry")
    await chongqing.peer("heze", "3717", *there, public)
    for _ in range(3):
        await chongqing.tell(chongqing.event("child.registered", uuid4(), hukou="371721000000"))
    told, due, stays = await chongqing.rows("SELECT id, version FROM notices ORDER BY id")
    for one in (told, due):
        tag = {"If-Match": f'"{one["version"]}"'}
        reply = await home.post(f"/v1/notices/{one['id']}/withdrawal", headers=tag)
        assert reply.status_code == 200, reply.text
        if one is told:
            await chongqing.worker.settle()
    seen = (await home.get("/v1/notices")).json()
    await chongqing.rows(
        "UPDATE notices SET answer_mac = NULL, answered_for = NULL WHERE state = 'withdrawn'"
    )

    await chongqing.worker.database.engine.dispose()
    for statement in _BEFORE:
        await chongqing.rows(statement)
    await migrations.upgrade("notifications", chongqing.urls["notifications"].owner)
    assert not await migrations.differences(
        "notifications", chongqing.urls["notifications"].owner, METADATA
    )
    assert (await home.get("/v1/notices")).json() == seen
    await chongqing.worker.settle()
    assert len(await chongqing.rows(_TOLD)) == 1, "nobody vouched for the other yet"
    assert len(await faults(chongqing)) == 2
    async with chongqing.worker.database.transaction(SYSTEM) as session:
        old = await adopting.old(session)
        assert [one.id for one in old.answers] == [told["id"], due["id"]]
        now = chongqing.clock.now()
        await adopting.adopt(session, chongqing.worker.hub.audit, old, now)
    await chongqing.worker.settle()
    bodies = [orjson.loads(row["body"]) for row in await chongqing.rows(_TOLD)]
    said = {
        body["id"]: body["data"] for body in bodies
    }  # what was told is told again, as the same message
    wanted = [{"notice": str(one["id"]), "state": "withdrawn"} for one in (told, due)]
    assert sorted(said.values(), key=lambda one: str(one["notice"])) == wanted
    assert await faults(chongqing) == []
    (open_,) = await chongqing.rows("SELECT settles FROM notices WHERE id = $1", stays["id"])
    assert open_["settles"] is False
