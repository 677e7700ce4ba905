"""Whoever holds the runtime role's password, and no key file, cannot grant himself anything.

Every statement here runs as the runtime role, under the system's reach, which that role can take at will.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs

from services.registry import proving
from services.registry.children import rebuilding
from services.registry.identity import clients
from services.registry.identity.authenticity import Forged
from shared import auth, jwk
from shared.database import SYSTEM
from shared.limits import REVOCATION_STALE_SECONDS
from shared.outbound import ClientCredentials
from shared.vocabulary import Department, Scope
from tests.guards.story import BORN, ELSEWHERE, HOME, HUKOU, NAME, World, child_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED = asyncpg.InsufficientPrivilegeError


@asynccontextmanager
async def thief(world: World) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(world.hub.urls["registry"].app)
    try:
        await connection.execute("SELECT set_config('hutong.department', 'system', false)")
        yield connection
    finally:
        await connection.close()


async def someone(world: World, *scopes: Scope) -> ClientCredentials:
    return await world.credentials_of(
        Department.POLICE, HOME, name=f"police-{uuid4()}", scopes=frozenset(scopes)
    )


async def status(world: World, token: str, service: str = "registry") -> int:
    path = "/v1/feeds" if service == "registry" else "/v1/notices"
    auth._buckets.clear()
    headers = {
        "Authorization": f"Bearer {token}",
        "Hutong-Purpose": "service",
        "Hutong-Actor": "staff-7",
    }
    return (await (await world.anyone(service)).get(path, headers=headers)).status_code


async def faults(world: World) -> list[str]:
    app = world.hub.apps["registry"]
    async with app.state.database.transaction(SYSTEM) as session:
        keys = app.state.kit.audit
        return [fault async for fault in proving.faults_of(session, keys)]


async def gets_a_token(who: ClientCredentials) -> bool:
    try:
        await ClientCredentials(
            who.client_id, who._key, who._issuer, [], transport=who._transport
        ).token()
    except Exception as error:  # noqa: BLE001  (whatever the client makes of a 401)
        assert "401" in str(error)
        return False
    return True


async def test_a_client_of_his_own_making_is_none(world: World) -> None:
    known, key = await someone(world, Scope.RECORDS_WRITE), jwk.new_key("thief")
    made = ClientCredentials("thief", key, world.issuer, [], transport=world.hub.network)
    async with thief(world) as connection:
        await connection.execute(
            "INSERT INTO clients SELECT 'thief', 'civil_affairs', 0, 999999999999, $2, $3, sources, $4,"
            " created_at, NULL, NULL, generation, mac FROM clients WHERE id = $1",
            known.client_id,
            [str(scope) for scope in Scope],
            ["key_care", "service"],
            json.dumps([jwk.public(key)]),
        )
    assert not await gets_a_token(made)
    assert await faults(world) == ["client thief was forged or changed"]
    await world.hub.rows("DELETE FROM clients WHERE id = 'thief'", service="registry")


WIDER = (
    "scopes = scopes || '{records:read,notices:read}'",
    "low = 0, high = 999999999999",
    "department = 'civil_affairs'",
    "purposes = purposes || '{statistics}'",
    "sources = sources || '{hospital}'",
    "keys = keys || keys",
    "not_before = NULL, created_at = created_at - interval '1 day'",
)


@pytest.mark.parametrize("change", WIDER)
async def test_a_grant_that_was_widened_is_refused_whole(world: World, change: str) -> None:
    who = await someone(world, Scope.RECORDS_WRITE, Scope.NOTICES_READ, Scope.RECORDS_READ)
    token = await who.token()
    assert await status(world, token) == 200
    async with thief(world) as connection:
        done = await connection.execute(
            f"UPDATE clients SET {change}, generation = generation + 1 WHERE id = $1", who.client_id
        )
        assert done == "UPDATE 1"
    assert await status(world, token) == 401
    assert not await gets_a_token(who)
    assert await faults(world) == [f"client {who.client_id} was forged or changed"]
    app = world.hub.apps["registry"]
    with pytest.raises(Forged):  # no rotation makes it good again
        async with app.state.database.transaction(SYSTEM) as session:
            await clients.rotate(
                session,
                app.state.kit.audit,
                who.client_id,
                jwk.public(jwk.new_key("n")),
                datetime.now(UTC),
            )
    await world.hub.rows(
        "DELETE FROM clients WHERE id = $1 RETURNING id", who.client_id, service="registry"
    )
    assert await faults(world) == [f"client {who.client_id} was removed"]
    await _forget(world, who.client_id)


async def _forget(world: World, client: str) -> None:
    """So that the next test begins with a trail in which all is well."""
    await world.hub.rows(
        "DELETE FROM audit_entries WHERE client = 'hutong' AND detail->>'client' = $1",
        client,
        service="registry",
    )


async def test_tokens_of_a_forged_grant_end_elsewhere_within_five_seconds(world: World) -> None:
    who = await someone(world, Scope.NOTICES_READ)
    token = await who.token()
    assert await status(world, token, "notifications") == 200
    async with thief(world) as connection:
        await connection.execute(
            "UPDATE clients SET scopes = '{notices:read,notices:write}', generation = generation + 1"
            " WHERE id = $1",
            who.client_id,
        )
    changed_at = time.monotonic()
    while (now := await status(world, token, "notifications")) == 200:
        assert time.monotonic() - changed_at < REVOCATION_STALE_SECONDS
        await asyncio.sleep(0.1)
    assert now == 401
    await world.hub.rows("DELETE FROM clients WHERE id = $1", who.client_id, service="registry")
    await _forget(world, who.client_id)


async def test_a_revoked_client_cannot_be_put_back(world: World) -> None:
    """Its row of yesterday, MAC and all, is in every backup."""
    who = await someone(world, Scope.RECORDS_WRITE)
    async with thief(world) as connection:
        before = await connection.fetchrow("SELECT * FROM clients WHERE id = $1", who.client_id)
        app = world.hub.apps["registry"]
        async with app.state.database.transaction(SYSTEM) as session:
            await clients.revoke(session, app.state.kit.audit, who.client_id, datetime.now(UTC))
        attempts = (
            ("UPDATE clients SET revoked_at = NULL, not_before = NULL, generation = $2, mac = $3"),
            ("UPDATE clients SET generation = $2, mac = $3"),
        )
        for attempt in attempts:
            with pytest.raises(REFUSED):
                await connection.execute(
                    f"{attempt} WHERE id = $1", who.client_id, before["generation"], before["mac"]
                )
        for statement in (
            "DELETE FROM clients WHERE id = $1",
            "UPDATE clients SET id = 'aside', generation = generation + 1 WHERE id = $1",
            "UPDATE clients SET revoked_at = NULL, generation = generation + 1 WHERE id = $1",
        ):
            with pytest.raises(REFUSED):
                await connection.execute(statement, who.client_id)
    assert not await gets_a_token(who)
    assert await faults(world) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_checkpoints SET chain = '\\x00'",
        "DELETE FROM audit_checkpoints",
        "UPDATE outbox_checkpoints SET chain = '\\x00'",
        "DELETE FROM outbox_checkpoints",
        "UPDATE audit_entries SET actor = 'staff-9'",
        "DELETE FROM audit_entries",
        "DELETE FROM outbox",
        "UPDATE decisions SET kind = 'close'",
        "DELETE FROM erased_entries",
        "ALTER TABLE clients DISABLE TRIGGER only_forward",
        "DROP TRIGGER only_forward ON clients",
        "SET session_replication_role = replica",
    ],
)
async def test_he_can_neither_rewrite_trails_nor_lift_what_guards_them(
    world: World, statement: str
) -> None:
    async with thief(world) as connection:
        with pytest.raises(REFUSED):
            await connection.execute(statement)


@pytest.mark.parametrize("with_key", [False, True])
async def test_he_cannot_break_the_glass_unseen(told: World, with_key: bool) -> None:
    """An opening of his own making, for a client that he has stolen."""
    (real,) = await told.rows("SELECT id, child_id FROM break_glass")
    police = await told(Department.POLICE, ELSEWHERE)
    forged = uuid4()
    async with thief(told) as connection:
        if with_key:
            await connection.execute(
                "INSERT INTO vault.data_keys SELECT $1, master, wrapped FROM vault.data_keys WHERE id = $2",
                forged,
                real["id"],
            )
        await connection.execute(
            "INSERT INTO break_glass SELECT $1, child_id, residence_code, hukou_code, $3, department, actor,"
            " reason, note, now(), now() + interval '1 year', NULL, NULL, NULL, NULL, NULL"
            " FROM break_glass WHERE id = $2",
            forged,
            real["id"],
            f"{Department.POLICE}-{ELSEWHERE}",
        )
    assert (await police.get(f"/v1/break-glass/{forged}")).status_code == 404
    own = await told(Department.POLICE, HUKOU)
    assert (await own.get(f"/v1/break-glass/{real['id']}")).status_code == 200
    for table in ("break_glass", "vault.data_keys"):
        await told.rows(f"DELETE FROM {table} WHERE id = $1", forged)


@pytest.mark.parametrize("kind", ["unshield", "shield", "close"])
async def test_a_decision_of_his_own_making_decides_nothing(told: World, kind: str) -> None:
    """The child stays as it was, parked and named, until the row is gone."""
    app, worker = told.hub.apps["registry"], told.hub.registry_worker
    made, *_ = await told.rows("SELECT id, child_id FROM decisions ORDER BY decided_at, id")
    child, forged = made["child_id"], uuid4()

    async def as_it_is() -> list[Any]:
        rows = await told.rows("SELECT child_seq, shielded FROM children WHERE id = $1", child)
        care = "SELECT category, state FROM key_care WHERE child_id = $1 ORDER BY category"
        return [tuple(row) for row in (*rows, *await told.rows(care, child))]

    before = await as_it_is()
    async with thief(told) as connection:
        await connection.execute(
            "INSERT INTO vault.data_keys SELECT $1, master, wrapped FROM vault.data_keys WHERE id = $2",
            forged,
            made["id"],
        )
        await connection.execute(
            "INSERT INTO decisions SELECT $1, anchor, child_id, basis, $3, category, reason, client,"
            " department, actor, now(), sealed FROM decisions WHERE id = $2",
            forged,
            made["id"],
            kind,
        )
        await connection.execute(
            "INSERT INTO fold_queue (child_id, wanted) VALUES ($1, 1)"
            " ON CONFLICT (child_id) DO UPDATE SET not_before = NULL, wanted = fold_queue.wanted + 1",
            child,
        )
    await worker.fold()
    assert await as_it_is() == before
    parked = await told.rows("SELECT failures FROM fold_queue WHERE child_id = $1", child)
    assert [row["failures"] > 0 for row in parked] == [True]
    named = [d async for d in rebuilding.verify(app.state.database, app.state.kit)]
    assert [(d.table, d.id) for d in named] == [("decisions", forged)]

    for table in ("decisions", "vault.data_keys"):
        await told.rows(f"DELETE FROM {table} WHERE id = $1", forged)
    await told.rows("UPDATE fold_queue SET not_before = NULL WHERE child_id = $1", child)
    await worker.fold()
    assert await told.rows("SELECT 1 FROM fold_queue WHERE child_id = $1", child) == []
    assert await as_it_is() == before


async def test_he_cannot_ask_for_an_erasure_in_another_name(told: World) -> None:
    """And then approve it with one stolen client: two subjects must be two."""
    child = await child_of(told, NAME, BORN)
    row = {
        "id": uuid4(),
        "child_id": child,
        "residence_code": int(f"{HOME}000000"),
        "hukou_code": None,
        "ground": "unlawful",
        "hold": False,
        "state": "requested",
        "request_client": "civil_affairs-500233",
        "request_actor": "staff-9",
        "requested_at": datetime.now(UTC),
    }
    mac = (await told.rows("SELECT mac FROM erasures"))[0]["mac"]
    async with thief(told) as connection:
        places = ", ".join(f"${i + 1}" for i in range(len(row) + 1))
        await connection.execute(
            f"INSERT INTO erasures ({', '.join(row)}, mac) VALUES ({places})", *row.values(), mac
        )
    civil = await told(Department.CIVIL_AFFAIRS, HOME)
    for reply in (
        await civil.post(f"/v1/erasures/{row['id']}/approvals"),
        await civil.delete(f"/v1/erasures/{row['id']}"),
    ):
        assert reply.status_code == 409
        assert reply.json()["type"].endswith("erasure-not-authentic")
    assert await told.rows("SELECT 1 FROM children WHERE id = $1", child)
    assert await faults(told) == [f"erasure {row['id']} was forged or changed"]
    await told.rows("DELETE FROM erasures WHERE id = $1", UUID(str(row["id"])))


async def test_he_can_neither_answer_a_report_nor_open_one(told: World) -> None:
    """Without the master key he makes no data key; a row that has none is believed only where an erasure took it."""
    (real,) = await told.rows("SELECT id, case_id FROM case_acts")
    civil, police = [await told(one, HOME) for one in (Department.CIVIL_AFFAIRS, Department.POLICE)]
    path, act, case = f"/v1/cases/{real['case_id']}", uuid4(), uuid4()
    etag = (await civil.get(path)).headers["ETag"]
    columns = "case_id, 2, 'answer', 'unfounded', issuer, client, department, actor, now(), sealed"
    async with thief(told) as connection:
        await connection.execute(
            f"INSERT INTO case_acts SELECT $1, {columns} FROM case_acts WHERE id = $2",
            act,
            real["id"],
        )
        await connection.execute(
            "INSERT INTO cases SELECT $1, kind, topic, place, addressee, child_id, anchor, client, department,"
            " actor, opened_at, sealed, 'sent', opened_at, 1 FROM cases WHERE id = $2",
            case,
            real["case_id"],
        )
    follow_up = {"act": "follow_up", "note": "示例"}
    with capture_logs() as logs:
        for who in (civil, police):
            for forged in (path, f"/v1/cases/{case}"):
                assert (await who.get(forged)).status_code == 404
        for forged, tag in ((path, etag), (f"/v1/cases/{case}", '"1"')):
            done = await civil.post(f"{forged}/acts", json=follow_up, headers={"If-Match": tag})
            assert done.status_code == 404
    named = {one["id"] for one in logs if one["event"] == "case.forged"}
    assert named == {str(act), str(case)}
    for table, row in (("case_acts", act), ("cases", case)):
        await told.rows(f"DELETE FROM {table} WHERE id = $1", row)
    assert (await civil.get(path)).status_code == 200


async def test_he_can_hand_no_child_over(told: World) -> None:
    """An act without a key speaks for nobody; a row that the fold did not write shows, and lets, nobody anything."""
    (real,) = await told.rows("SELECT * FROM handovers")
    home, taking, stranger = [
        await told(Department.CIVIL_AFFAIRS, area) for area in (HOME, HUKOU, ELSEWHERE)
    ]
    path, forged = f"/v1/handovers/{real['id']}", uuid4()
    etag = (await home.get(path)).headers["ETag"]
    accept = {"act": "accept", "effective_on": "2026-12-01"}
    act = "handover_id, 2, child_id, anchor, 'accept', 'taking', giving, taking, '2026-11-20'"
    async with thief(told) as connection:
        await connection.execute(
            f"INSERT INTO handover_acts SELECT $1, {act}, '', client, department, actor, now(), sealed"
            " FROM handover_acts WHERE handover_id = $2",
            uuid4(),
            real["id"],
        )
        await connection.execute(
            "INSERT INTO handovers SELECT $1, child_id, state, giving, $3, side, begun_on, effective_on,"
            " acts, shielded FROM handovers WHERE id = $2",
            forged,
            real["id"],
            int(f"{ELSEWHERE}000000"),
        )
    try:
        child = f"/v1/children/{real['child_id']}/responsible-county"
        assert (await home.get(child)).json()["division"] == f"{HOME}000000"
        assert (await home.get(path)).json()["state"] == "proposed"
        theirs = f"/v1/handovers/{forged}"
        assert (await stranger.get(theirs)).status_code == 404
        tried = await stranger.post(f"{theirs}/acts", json=accept, headers={"If-Match": etag})
        assert tried.status_code == 404
        assert (await stranger.get(child)).status_code == 404
    finally:
        await told.rows("DELETE FROM handover_acts WHERE number = 2")
        await told.rows("DELETE FROM handovers WHERE id = $1", forged)
    assert (await taking.get(path)).status_code == 200


async def test_a_key_destroyed_is_no_erasure(told: World) -> None:
    (real,) = await told.rows("SELECT id, case_id FROM case_acts")
    civil = await told(Department.CIVIL_AFFAIRS, HOME)
    path = f"/v1/cases/{real['case_id']}"
    kept = await told.rows("SELECT * FROM vault.data_keys WHERE id = $1", real["case_id"])
    async with thief(told) as connection:
        await connection.execute("DELETE FROM vault.data_keys WHERE id = $1", real["case_id"])
    assert (await civil.get(path)).status_code == 404
    await told.rows("INSERT INTO vault.data_keys VALUES ($1, $2, $3)", *kept[0].values())
    assert (await civil.get(path)).status_code == 200
