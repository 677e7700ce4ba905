"""Erasure through the real app: two persons, one moment, nothing readable left, and no way back through a backup."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.matching.application import create_app as create_matching
from services.matching.settings import MatchingSettings
from services.registry.application import matching_client
from services.registry.children.queueing import queue
from services.registry.children.registration import fold_batch
from services.registry.erasures import replaying
from services.registry.identity import clients
from services.registry.records.resolving import resolve_batch
from shared import jwk
from shared.database import SYSTEM, Reach, raw
from shared.vocabulary import Department, Scope
from tests.databases import MakeDatabase
from tests.registry.conftest import Registry
from tests.registry.test_break_glass import example, fold, open_, push, registered

URL = "/v1/erasures"
FEEDS_OF_THE_CHILD = ("residence-permits", "assistance")


async def ask(
    client: httpx.AsyncClient, child: UUID, key: str = "k-1", **more: Any
) -> httpx.Response:
    body = {"child_id": str(child), "ground": "unlawful", **more}
    return await client.post(URL, json=body, headers={"Idempotency-Key": key})


async def erase(registry: Registry, child: UUID, **more: Any) -> dict[str, Any]:
    """By two persons of the residence place, each with a client of their own; the tombstone."""
    here = await registry("civil_affairs:500103")
    colleague = await registry("civil_affairs:500103", actor="staff-8")
    erasure = (await ask(here, child, f"key-{child}", **more)).json()["id"]
    reply = await colleague.post(f"{URL}/{erasure}/approvals")
    assert reply.status_code == 200, reply.text
    made: dict[str, Any] = reply.json()
    return made


@dataclass
class Matching:
    """The real matching service, as the registry's worker reaches it."""

    registry: Registry
    client: httpx.AsyncClient
    owner_url: str

    async def resolve(self) -> None:
        """The worker's steps until nothing waits: resolve, then fold."""
        kit = self.registry.app.state.kit
        while await resolve_batch(
            self.registry.database, kit.sealer, kit.audit, kit.entries, self.client, 100
        ):
            pass
        await fold(self.registry)

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        connection = await asyncpg.connect(self.owner_url)
        try:
            found: list[Any] = await connection.fetch(statement, *values)
            return found
        finally:
            await connection.close()


class ByHost(httpx.AsyncBaseTransport):
    """Joins applications in one process: each host name is one of them."""

    def __init__(self, **hosts: httpx.ASGITransport) -> None:
        self.hosts = {name + ".test": transport for name, transport in hosts.items()}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self.hosts[request.url.host].handle_async_request(request)


@pytest.fixture
async def matching(registry: Registry, database: MakeDatabase) -> AsyncIterator[Matching]:
    owner_url, app_url = await database("matching")
    joined = ByHost(registry=registry.transport)
    settings = registry.settings.model_dump() | {"matching_database_url": app_url}
    app = create_matching(MatchingSettings.model_validate(settings), transport=joined)
    joined.hosts["matching.test"] = httpx.ASGITransport(app=app)
    granted = {"registry": Scope.RESOLUTIONS_WRITE, "matching": Scope.REVOCATIONS_READ}
    async with registry.database.transaction(SYSTEM) as session:
        for name, scope in granted.items():
            await clients.add(
                session,
                registry.app.state.kit.audit,
                client=name,
                department=Department.SERVICE,
                area="all",
                scopes=[scope],
                purposes=[],
                key=jwk.public(
                    jwk.load(registry.settings.home / "keys" / "clients" / f"{name}.jwk")
                ),
                now=datetime.now(UTC),
            )
    async with (
        app.router.lifespan_context(app),
        matching_client(registry.settings, joined) as client,
    ):
        yield Matching(registry, client, owner_url)


async def linked(matching: Matching, *feeds: str) -> UUID:
    """A child known from these feeds' examples, linked by matching itself; its id."""
    for feed in feeds:
        await push(matching.registry, feed, example(feed))
    await matching.resolve()
    (child,) = await matching.registry.system("SELECT id FROM children")
    return UUID(str(child["id"]))


async def readable(registry: Registry) -> set[UUID]:
    return {row["id"] for row in await registry.system("SELECT id FROM vault.data_keys")}


async def test_two_persons_erase_a_child_and_nothing_of_it_opens(registry: Registry) -> None:
    other = await registered(registry, "residence-permits", id_number="371721201705030142")
    kept = await readable(registry)
    child = await registered(registry, *FEEDS_OF_THE_CHILD)
    far = await registry("police:650102")
    opening = (await open_(far)).json()["id"]
    here = await registry("civil_affairs:500103")
    home = await registry("civil_affairs:371721", actor="staff-9")

    asked = await ask(here, child)
    assert asked.status_code == 201, asked.text
    assert asked.headers["location"] == f"{URL}/{asked.json()['id']}"
    assert (await here.get(f"/v1/children/{child}")).status_code == 200
    approved = await home.post(f"{URL}/{asked.json()['id']}/approvals")

    assert approved.status_code == 200, approved.text
    tombstone = approved.json()
    assert tombstone["state"] == "erased"
    assert tombstone["requested_by"]["actor"] == "staff-7"
    assert tombstone["approved_by"]["actor"] == "staff-9"
    assert await readable(registry) == kept
    assert (await here.get(f"/v1/children/{child}")).status_code == 404
    assert (await here.get(f"/v1/children/{other}")).status_code == 200
    assert (await far.get(f"/v1/break-glass/{opening}")).status_code == 404
    for table in ("child_lookups", "key_care"):
        assert not await registry.system(f"SELECT 1 FROM {table} WHERE child_id = $1", child)
    (event,) = await registry.system("SELECT subject, body FROM outbox WHERE type = 'child.erased'")
    assert event["subject"] == child
    assert '"residence": "500103000000"' in event["body"]
    audited = await registry.system(
        "SELECT operation FROM audit_entries WHERE operation LIKE 'erasures.%' ORDER BY id"
    )
    assert [row["operation"] for row in audited] == ["erasures.request", "erasures.approve"]


@pytest.mark.parametrize(("hold", "grade"), [(False, "retracted"), (True, "erased")])
async def test_matching_forgets_and_the_child_stays_gone(
    registry: Registry, matching: Matching, hold: bool, grade: str
) -> None:
    child = await linked(matching, *FEEDS_OF_THE_CHILD)
    assert len(await matching.rows("SELECT 1 FROM entries WHERE sealed IS NOT NULL")) == 2
    await erase(registry, child, hold=hold)

    await matching.resolve()

    assert await matching.rows("SELECT 1 FROM entries WHERE sealed IS NOT NULL") == []
    grades = await matching.rows("SELECT grade, person FROM entries")
    assert [tuple(row) for row in grades] == [(grade, None)] * 2
    assert await registry.system("SELECT 1 FROM children") == []
    assert await registry.system("SELECT 1 FROM links WHERE person IS NOT NULL") == []
    assert await registry.system("SELECT 1 FROM resolution_queue") == []
    types = [r["type"] for r in await registry.system("SELECT type FROM outbox ORDER BY id")]
    assert types == ["child.registered", "child.erased"]


async def test_without_a_hold_only_a_newer_version_speaks_again(
    registry: Registry, matching: Matching
) -> None:
    child = await linked(matching, "residence-permits")
    item = example("residence-permits")
    police = await registry("police:")
    await erase(registry, child)
    await matching.resolve()

    same = await police.post("/v1/residence-permits", json=[item])
    await matching.resolve()
    assert same.json()["results"][0]["status"] == "unchanged"
    assert await registry.system("SELECT 1 FROM children") == []

    newer = await police.post("/v1/residence-permits", json=[{**item, "version": 2}])
    await matching.resolve()
    assert newer.json()["results"][0]["status"] == "created"
    (again,) = await registry.system("SELECT entries FROM children")
    assert again["entries"] == 1


async def test_with_a_hold_the_entry_is_refused_for_good(registry: Registry) -> None:
    child = await registered(registry, "residence-permits")
    item = {**example("residence-permits"), "source_id": f"{child}-0", "version": 2}
    other = {**item, "source_id": "another"}
    await erase(registry, child, hold=True)
    police = await registry("police:")

    reply = await police.post("/v1/residence-permits", json=[item, other])

    refused, created = reply.json()["results"]
    assert (refused["status"], refused["errors"][0]["code"]) == ("refused", "erased")
    assert created["status"] == "created"


async def test_what_slips_in_beside_a_held_erasure_is_destroyed_by_the_worker(
    registry: Registry, matching: Matching
) -> None:
    child = await linked(matching, "residence-permits")
    await erase(registry, child, hold=True)
    # As a push that had looked for tombstones just before the erasure committed.
    await registry.system("UPDATE erased_entries SET hold = false")
    item = {**example("residence-permits"), "version": 2}
    late = await (await registry("police:")).post("/v1/residence-permits", json=[item])
    assert late.json()["results"][0]["status"] == "created"
    await registry.system("UPDATE erased_entries SET hold = true")

    await matching.resolve()

    assert await matching.rows("SELECT 1 FROM entries WHERE sealed IS NOT NULL") == []
    assert await readable(registry) == set()
    assert await registry.system("SELECT 1 FROM children") == []


async def test_a_decision_on_an_erased_child_does_not_come_back_with_it(
    registry: Registry, matching: Matching
) -> None:
    child = await linked(matching, "residence-permits")
    here = await registry("civil_affairs:500103")
    shielded = await here.post(
        f"/v1/children/{child}/shield",
        json={"reason": "court_order", "note": "法院裁定"},
        headers={"Idempotency-Key": "s-1"},
    )
    assert shielded.status_code == 200, shielded.text
    await erase(registry, child)
    await push(registry, "residence-permits", {**example("residence-permits"), "version": 2})
    await matching.resolve()

    (again,) = await registry.system("SELECT shielded FROM children")
    assert again["shielded"] is False


async def test_one_person_alone_erases_nobody(registry: Registry) -> None:
    child = await registered(registry, "residence-permits")
    here = await registry("civil_affairs:500103")
    erasure = (await ask(here, child)).json()["id"]
    kept = await readable(registry)

    alone = await here.post(f"{URL}/{erasure}/approvals")
    renamed = await here.post(f"{URL}/{erasure}/approvals", headers={"Hutong-Actor": "staff-8"})
    job = await here.post(f"{URL}/{erasure}/approvals", headers={"Hutong-Actor": "system:job"})
    home = await registry("civil_affairs:371721", actor="staff-7")
    elsewhere = await home.post(f"{URL}/{erasure}/approvals")

    assert {r.status_code for r in (alone, renamed, job, elsewhere)} == {403}
    for refused in (alone, renamed, elsewhere):
        assert refused.json()["type"].endswith("second-person-needed")
        assert "another client" in refused.json()["detail"]
    assert job.json()["type"].endswith("person-needed")
    assert await readable(registry) == kept


async def test_two_approvals_at_once_erase_once(registry: Registry) -> None:
    child = await registered(registry, "residence-permits")
    here = await registry("civil_affairs:500103")
    home = await registry("civil_affairs:371721", actor="staff-9")
    erasure = (await ask(here, child)).json()["id"]
    url = f"{URL}/{erasure}/approvals"

    colleague = await registry("civil_affairs:500103", actor="staff-8")
    replies = await asyncio.gather(home.post(url), colleague.post(url))

    assert sorted(r.status_code for r in replies) == [200, 409]
    assert len(await registry.system("SELECT 1 FROM outbox WHERE type = 'child.erased'")) == 1


async def test_only_civil_affairs_of_the_place(registry: Registry) -> None:
    child = await registered(registry, "residence-permits")
    here = await registry("civil_affairs:500103")
    stranger = await registry("civil_affairs:650102", actor="staff-9")
    police = await registry("police:500103", actor="staff-9")
    unscoped = await registry("civil_affairs:500103", scopes=frozenset({Scope.CHILDREN_READ}))

    assert (await ask(stranger, child)).status_code == 404
    assert (await ask(police, child)).status_code == 403
    assert (await ask(unscoped, child)).status_code == 403
    erasure = (await ask(here, child)).json()["id"]
    for client, status in ((stranger, 404), (police, 403)):
        assert (await client.post(f"{URL}/{erasure}/approvals")).status_code == status
        assert (await client.get(f"{URL}/{erasure}")).status_code == status
        assert (await client.delete(f"{URL}/{erasure}")).status_code == status
    assert (await stranger.get(URL)).json() == {"erasures": []}


async def test_a_request_waits_once_and_can_be_withdrawn(registry: Registry) -> None:
    child = await registered(registry, "residence-permits")
    here = await registry("civil_affairs:500103")
    first = await ask(here, child)
    url = f"{URL}/{first.json()['id']}"

    assert (await ask(here, child)).content == first.content
    assert (await ask(here, child, "k-2")).status_code == 409
    assert (await here.get(URL, params={"state": "requested"})).json()["erasures"] == [first.json()]
    withdrawn = await here.delete(url)
    assert withdrawn.json()["state"] == "withdrawn"
    late = await here.post(f"{url}/approvals", headers={"Hutong-Actor": "staff-8"})
    assert (late.status_code, (await here.delete(url)).status_code) == (409, 409)
    assert (await ask(here, child, "k-3")).status_code == 201
    assert (await here.get(f"/v1/children/{child}")).status_code == 200


async def test_row_security_hides_erasures_of_other_places(registry: Registry) -> None:
    child = await registered(registry, "residence-permits")
    await erase(registry, child)

    async def seen(low: int, high: int, department: str) -> int:
        async with registry.database.transaction(Reach(low, high, department, "x")) as session:
            return len(await (await raw(session)).fetch("SELECT 1 FROM erasures"))

    assert await seen(500103000000, 500103999999, "civil_affairs") == 1
    assert await seen(650102000000, 650102999999, "civil_affairs") == 0
    assert await seen(500103000000, 500103999999, "police") == 0


async def test_a_fold_begun_before_an_erasure_cannot_bring_the_child_back(
    registry: Registry,
) -> None:
    """The approval waits for a fold in hand, and comes after it."""
    child = await registered(registry, *FEEDS_OF_THE_CHILD)
    async with registry.database.transaction(SYSTEM) as session:
        await queue(await raw(session), {child})
    async with registry.database.transaction(SYSTEM) as session:
        kit = registry.app.state.kit
        await fold_batch(session, kit, 10, date(2027, 3, 2), registry.clock.now())
        erasing = asyncio.create_task(erase(registry, child))
        await asyncio.sleep(0.5)
        assert not erasing.done()
    await erasing

    assert await registry.system("SELECT 1 FROM children") == []
    assert await readable(registry) == set()


async def test_a_restored_backup_forgets_again(registry: Registry, matching: Matching) -> None:
    other = await registered(registry, "residence-permits", id_number="371721201705030142")
    await registry.system("DELETE FROM resolution_queue")
    for feed in FEEDS_OF_THE_CHILD:
        await push(registry, feed, example(feed))
    await matching.resolve()
    ((child,),) = await registry.system("SELECT id FROM children WHERE id <> $1", other)
    tables = ("children", "child_lookups", "key_care", "vault.data_keys", "links")
    for table in tables:
        await registry.system(f"CREATE TABLE {copy(table)} AS SELECT * FROM {table}")
    await erase(registry, child)
    connection = await asyncpg.connect(registry.owner_url)
    tombstones = await replaying.listed(connection)
    # Back to the day before: the erasure itself is lost with everything else.
    for table in ("erasures", "erased_entries", "resolution_queue", "fold_queue", *tables):
        await registry.system(f"DELETE FROM {table}")
    for table in tables:
        names = await registry.system(
            "SELECT string_agg(attname, ', ') AS all FROM pg_attribute WHERE attrelid = $1::text::regclass"
            " AND attnum > 0 AND attgenerated = ''",
            table,
        )
        columns = names[0]["all"]
        await registry.system(
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {copy(table)}"
        )
    here = await registry("civil_affairs:500103")
    assert (await here.get(f"/v1/children/{child}")).status_code == 200

    done = await replaying.replay(connection, tombstones)
    again = await replaying.replay(connection)
    await connection.close()
    await matching.resolve()

    assert (done, again) == (1, 1)
    assert await matching.rows("SELECT 1 FROM entries WHERE sealed IS NOT NULL") == []
    assert (await here.get(f"/v1/children/{child}")).status_code == 404
    assert (await here.get(f"/v1/children/{other}")).status_code == 200
    (erasure,) = (await here.get(URL)).json()["erasures"]
    assert erasure["state"] == "erased"
    readable_records = "SELECT 1 FROM records r JOIN vault.data_keys k USING (id)"
    assert len(await registry.system(readable_records)) == 1


def copy(table: str) -> str:
    return "copy_of_" + table.replace(".", "_")


async def test_a_replay_spares_versions_that_came_after_the_erasure(
    registry: Registry, matching: Matching
) -> None:
    child = await linked(matching, "residence-permits")
    await erase(registry, child)
    await matching.resolve()
    registry.clock.at += timedelta(days=1)
    await push(registry, "residence-permits", {**example("residence-permits"), "version": 2})
    await matching.resolve()
    connection = await asyncpg.connect(registry.owner_url)

    await replaying.replay(connection)
    await connection.close()
    await matching.resolve()

    assert len(await registry.system("SELECT 1 FROM children")) == 1


async def test_a_tombstone_list_names_nobody(registry: Registry) -> None:
    child = await registered(registry, *FEEDS_OF_THE_CHILD)
    await erase(registry, child)
    connection = await asyncpg.connect(registry.owner_url)
    listed = str(await replaying.listed(connection))
    await connection.close()

    for value in ("示小满", "371721201705030126", "14200000001"):
        assert value not in listed
