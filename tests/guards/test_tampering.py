"""Whoever can write to the databases, past every grant, is found out: verifiers name the row.

Every column of every table that a verifier stands for is changed in turn, by the least that its type allows, and put back.
The columns come from the tables' own metadata, so a new one is tried without being named here.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import Column, Table

from services.matching import tables as matching_tables
from services.notifications import tables as notifications_tables
from services.registry import tables as registry_tables
from services.registry.children import rebuilding
from services.registry.children.proving import Difference
from shared import audit, signatures, verification
from shared.database import SYSTEM
from shared.vocabulary import Department
from tests.guards.story import HOME, World, tell

pytestmark = pytest.mark.asyncio(loop_scope="module")

METADATA = {
    "registry": registry_tables.METADATA,
    "notifications": notifications_tables.METADATA,
}
#: Columns that nothing is derived from and nothing is bound to: when a row was written, and the order of its events.
FREE: Mapping[str, set[str]] = {
    "children": {"child_seq", "folded_on", "registered_at", "changed_at"},
    "audit_checkpoints": {"at"},
}


def columns_of(table: str, service: str = "registry") -> list[str]:
    """All that anyone could edit: a generated column follows the others by itself."""
    found: Table = METADATA[service].tables[table]
    return [
        c.name for c in found.columns if c.computed is None and c.name not in FREE.get(table, ())
    ]


def in_both(table: str) -> list[tuple[str, str]]:
    """The columns of a table that both services have."""
    return [(service, name) for service in METADATA for name in columns_of(table, service)]


def column(table: str, name: str, service: str = "registry") -> Column[Any]:
    return METADATA[service].tables[table].columns[name]


_EMPTY: Mapping[type, Any] = {
    str: "x",
    int: 500107000000,
    bytes: b"x",
    bool: True,
    UUID: UUID(int=1),
    date: date(2017, 5, 4),
    datetime: datetime(2026, 11, 20, tzinfo=UTC),
    list: ["x"],
    dict: {"x": 1},
}


def edited(value: Any) -> Any:
    """Another value of the same type, as near as can be."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value ^ 1
    if isinstance(value, float):
        return value + 1
    if isinstance(value, str):
        return value[:-1] + chr(ord(value[-1]) ^ 1) if value else "x"
    if isinstance(value, bytes):
        middle = len(value) // 2
        return value[:middle] + bytes([value[middle] ^ 1]) + value[middle + 1 :]
    if isinstance(value, UUID):
        return UUID(int=value.int ^ 1)
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, date):
        return value + timedelta(days=1)
    if isinstance(value, list):
        return [edited(value[0]), *value[1:]] if value else [str(uuid4())]
    if isinstance(value, dict):
        first = next(iter(value), None)
        return {**value, first: edited(value[first])} if first is not None else {"x": 1}
    raise TypeError(type(value))


@asynccontextmanager
async def owner(world: World, service: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(world.hub.urls[service].owner)
    try:
        await connection.execute("SELECT set_config('hutong.department', 'system', false)")
        await connection.set_type_codec(
            "jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
        )
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def tampered(
    world: World, service: str, table: str, name: str, key: str, at: Any
) -> AsyncIterator[Any]:
    """The row ``key = at`` with one column edited; what ``key`` is meanwhile.  Put back at the end."""
    full = table if table in METADATA[service].tables else f"vault.{table}"
    async with owner(world, service) as connection:
        before = await connection.fetchval(f"SELECT {name} FROM {full} WHERE {key} = $1", at)
        python = column(full, name, service).type.python_type
        after = edited(before) if before is not None else _EMPTY[python]
        if name == "seq":
            after = before + 1000  # the next number is taken
        change = f"UPDATE {full} SET {name} = $1 WHERE {key} = $2"
        assert await connection.execute(change, after, at) == "UPDATE 1"
        now = after if name == key else at
        try:
            yield now
        finally:
            assert await connection.execute(change, before, now) == "UPDATE 1"


@dataclass(frozen=True)
class Proven:
    """A hub after the story, its trails numbered and sealed by a checkpoint."""

    world: World
    rows: Mapping[str, UUID]
    """By table, a row that fills as many of its columns as can be."""
    children: Mapping[str, UUID]
    """The child that each of these rows is about."""

    @property
    def child(self) -> UUID:
        return self.rows["children"]

    async def differences(self) -> list[Difference]:
        app = self.world.hub.apps["registry"]
        return [d async for d in rebuilding.verify(app.state.database, app.state.kit)]

    async def faults(self, service: str) -> list[audit.Fault]:
        hub = self.world.hub
        public = hub.home / "keys" / "public" / f"{service}-audit.pub"
        signer = signatures.public_key(public.read_text().strip())
        app = hub.apps[service]
        keys = app.state.settings.key_set(service, "audit")
        async with app.state.database.transaction(SYSTEM) as session:
            return [
                fault async for fault in verification.audit_faults(session, keys, hub.name, signer)
            ]

    async def event_faults(self) -> list[audit.Fault]:
        app = self.world.hub.apps["registry"]
        async with app.state.database.transaction(SYSTEM) as session:
            keys = app.state.kit.audit
            return [fault async for fault in verification.outbox_faults(session, keys)]

    async def middle(self, service: str, table: str) -> Any:
        """A numbered row with rows before and after it."""
        rows = await self.world.rows(
            f"SELECT id, seq FROM {table} WHERE seq IS NOT NULL ORDER BY seq", service=service
        )
        assert len(rows) > 4
        return rows[len(rows) // 2]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def proven(world: World) -> Proven:
    await tell(world)
    civil = await world(Department.CIVIL_AFFAIRS, HOME)
    (opening,) = (await civil.get("/v1/break-glass")).json()["openings"]
    judged = await civil.post(
        f"/v1/break-glass/{opening['id']}/review",
        json={"verdict": "justified", "reason": "已核实走失"},
    )
    assert judged.status_code == 200, judged.text
    steps = {**world.hub.registry_worker.steps()}, {**world.hub.worker.steps()}
    for of_service in steps:
        await of_service["sequence"][0]()
        await of_service["checkpoint"][0]()
    child = UUID(opening["child"])
    (record, *_) = await world.rows(
        "SELECT id FROM records WHERE feed = 'enrolments' AND hukou_code IS NOT NULL AND birth_on IS NOT NULL"
        " AND entry_id IN (SELECT entry_id FROM links WHERE person = $1)",
        child,
    )
    (decision,) = await world.rows("SELECT id, child_id FROM decisions")
    rows = {
        "children": child,
        "records": record["id"],
        "decisions": decision["id"],
        "break_glass": UUID(opening["id"]),
    }
    about = dict.fromkeys(rows, child) | {"decisions": decision["child_id"]}
    return Proven(world, rows, about)


async def test_all_is_proven_before_anything_is_touched(proven: Proven) -> None:
    assert await proven.differences() == []
    assert await proven.event_faults() == []
    for service in ("registry", "notifications"):
        assert await proven.faults(service) == []


SEALED = ("records", "children", "decisions", "break_glass")
#: Sealed rows that only their own use proves: they do not open any more, and what needed them fails and is logged.
#: No verifier names them.  This list can only shrink.
UNPROVEN = {"notifications signing_keys", "matching entries"}


async def test_every_sealed_row_is_stood_for_by_a_verifier() -> None:
    every = {**METADATA, "matching": matching_tables.METADATA}
    sealed = {
        f"{service} {table.name}"
        for service, metadata in every.items()
        for table in metadata.tables.values()
        if {"sealed", "note"} & set(table.columns.keys())
    }
    assert sealed - {f"registry {table}" for table in SEALED} == UNPROVEN


@pytest.mark.parametrize(("table", "name"), [(t, name) for t in SEALED for name in columns_of(t)])
async def test_a_sealed_row_or_a_column_bound_to_it(proven: Proven, table: str, name: str) -> None:
    async with tampered(proven.world, "registry", table, name, "id", proven.rows[table]) as now:
        found = await proven.differences()
    named = {d.id for d in found if d.table == table}
    assert now in named, found
    # Beside it only what hangs on it: the child it speaks of, or the key that its old id still has.
    assert {d.id for d in found} <= {now, proven.rows[table], proven.children[table]}, found


@pytest.mark.parametrize("table", SEALED)
@pytest.mark.parametrize("name", columns_of("vault.data_keys"))
async def test_a_data_key(proven: Proven, table: str, name: str) -> None:
    at = proven.rows[table]
    async with tampered(proven.world, "registry", "data_keys", name, "id", at) as now:
        found = await proven.differences()
    assert (table, at) in {(d.table, d.id) for d in found}, found
    assert {d.id for d in found} <= {now, at, proven.children[table]}, found


@pytest.mark.parametrize("name", columns_of("key_care"))
async def test_a_row_of_key_care(proven: Proven, name: str) -> None:
    """It is folded from sealed rows and says where its child is, so it must be as they say."""
    (row,) = await proven.world.rows("SELECT id FROM key_care WHERE child_id = $1", proven.child)
    async with tampered(proven.world, "registry", "key_care", name, "id", row["id"]):
        found = await proven.differences()
    assert {(d.table, d.id) for d in found} == {("key_care", proven.child)}


async def test_a_look_up_hash(proven: Proven) -> None:
    (row, *_) = await proven.world.rows(
        "SELECT hash FROM child_lookups WHERE child_id = $1", proven.child
    )
    async with tampered(proven.world, "registry", "child_lookups", "hash", "hash", row["hash"]):
        found = await proven.differences()
    assert {(d.table, d.id) for d in found} == {("child_lookups", proven.child)}


@pytest.mark.parametrize("table", ["records", "children", "vault.data_keys"])
async def test_a_row_that_was_removed(proven: Proven, table: str) -> None:
    at = proven.rows[table.replace("vault.data_keys", "records")]
    async with owner(proven.world, "registry") as connection:
        kept = await connection.fetchrow(f"SELECT * FROM {table} WHERE id = $1", at)
        assert await connection.execute(f"DELETE FROM {table} WHERE id = $1", at) == "DELETE 1"
        try:
            found = await proven.differences()
        finally:
            places = ", ".join(f"${i + 1}" for i in range(len(kept)))
            await connection.execute(
                f"INSERT INTO {table} ({', '.join(kept.keys())}) VALUES ({places})", *kept.values()
            )
    assert found
    assert {d.id for d in found} <= {at, proven.child}, found


@pytest.mark.parametrize(("service", "name"), in_both("audit_entries"))
async def test_an_audit_entry(proven: Proven, service: str, name: str) -> None:
    row = await proven.middle(service, "audit_entries")
    async with tampered(proven.world, service, "audit_entries", name, "id", row["id"]) as now:
        found = await proven.faults(service)
    assert found[0].seq == row["seq"], found
    if name == "seq":
        assert f"entry {row['seq']} is missing" in found[0].what
    else:
        assert str(now) in found[0].what, found
        # A wrong link shows at both of its ends; anything else at the entry alone.
        assert {f.seq for f in found} <= {row["seq"], row["seq"] + (name == "chain")}, found


@pytest.mark.parametrize(("service", "name"), in_both("audit_checkpoints"))
async def test_a_checkpoint(proven: Proven, service: str, name: str) -> None:
    rows = await proven.world.rows("SELECT max(seq) AS seq FROM audit_checkpoints", service=service)
    at = rows[0]["seq"]
    async with tampered(proven.world, service, "audit_checkpoints", name, "seq", at) as now:
        found = await proven.faults(service)
    assert [f.seq for f in found] == [now], found
    assert f"checkpoint {now}" in found[0].what


@pytest.mark.parametrize("name", columns_of("outbox"))
async def test_an_event(proven: Proven, name: str) -> None:
    row = await proven.middle("registry", "outbox")
    async with tampered(proven.world, "registry", "outbox", name, "id", row["id"]) as now:
        found = await proven.event_faults()
    assert found[0].seq == row["seq"], found
    if name == "seq":
        assert f"event {row['seq']} is missing" in found[0].what
    else:
        assert [f.what for f in found] == [f"event {now} was changed"]


@asynccontextmanager
async def rewritten(world: World, service: str, *statements: str) -> AsyncIterator[None]:
    """The audit trail after these statements; all of it put back at the end."""
    async with owner(world, service) as connection:
        await connection.execute("CREATE TEMP TABLE kept AS SELECT * FROM audit_entries")
        for statement in statements:
            await connection.execute(statement)
        try:
            yield
        finally:
            await connection.execute("DELETE FROM audit_entries")
            await connection.execute("INSERT INTO audit_entries SELECT * FROM kept")


@pytest.mark.parametrize("service", METADATA)
async def test_an_audit_entry_that_was_removed(proven: Proven, service: str) -> None:
    row = await proven.middle(service, "audit_entries")
    gone = f"DELETE FROM audit_entries WHERE seq = {row['seq']}"
    async with rewritten(proven.world, service, gone):
        found = await proven.faults(service)
    assert found[0] == audit.Fault(row["seq"], f"entry {row['seq']} is missing")


@pytest.mark.parametrize("service", METADATA)
@pytest.mark.parametrize("renumbered", [False, True])
async def test_audit_entries_in_another_order(
    proven: Proven, service: str, renumbered: bool
) -> None:
    """Numbers exchanged, with the links they had or with those of their new places."""
    first = (await proven.middle(service, "audit_entries"))["seq"]
    link = ", chain = o.chain" if renumbered else ""
    aside = f"UPDATE audit_entries SET seq = -seq WHERE seq IN ({first}, {first + 1})"
    swap = (
        f"UPDATE audit_entries e SET seq = -o.seq{link} FROM audit_entries o"
        " WHERE e.seq < 0 AND o.seq < 0 AND o.id <> e.id"
    )
    async with rewritten(proven.world, service, aside, swap):
        found = await proven.faults(service)
    assert found[0].seq == first
    assert "does not follow its predecessor" in found[0].what


@pytest.mark.parametrize("service", METADATA)
async def test_an_audit_trail_that_was_cut_off(proven: Proven, service: str) -> None:
    row = await proven.middle(service, "audit_entries")
    cut = f"DELETE FROM audit_entries WHERE seq > {row['seq']}"
    async with rewritten(proven.world, service, cut):
        found = await proven.faults(service)
    assert found and all("the trail was cut off" in fault.what for fault in found)


@pytest.mark.parametrize("service", METADATA)
async def test_an_audit_trail_written_anew_without_one_entry(proven: Proven, service: str) -> None:
    """Who can write can also count and link again; it cannot sign the head."""
    row = await proven.middle(service, "audit_entries")
    async with rewritten(
        proven.world,
        service,
        f"DELETE FROM audit_entries WHERE seq = {row['seq']}",
        f"UPDATE audit_entries SET seq = -seq WHERE seq > {row['seq']}",
        "UPDATE audit_entries SET seq = -seq - 1 WHERE seq < 0",
    ):
        async with owner(proven.world, service) as connection:
            chain = audit.GENESIS
            for one in await connection.fetch(
                "SELECT id, seq, mac FROM audit_entries WHERE seq IS NOT NULL ORDER BY seq"
            ):
                chain = audit.chained(chain, one["mac"], one["seq"])
                await connection.execute(
                    "UPDATE audit_entries SET chain = $2 WHERE id = $1", one["id"], chain
                )
        found = await proven.faults(service)
    assert found and all("checkpoint" in fault.what for fault in found)


async def test_an_event_that_was_removed(proven: Proven) -> None:
    row = await proven.middle("registry", "outbox")
    async with owner(proven.world, "registry") as connection:
        await connection.execute("CREATE TEMP TABLE kept AS SELECT * FROM outbox")
        await connection.execute("DELETE FROM outbox WHERE id = $1", row["id"])
        try:
            found = await proven.event_faults()
        finally:
            await connection.execute(
                "INSERT INTO outbox SELECT * FROM kept WHERE id = $1", row["id"]
            )
    assert found == [audit.Fault(row["seq"], f"event {row['seq']} is missing")]


async def test_all_is_proven_again_once_everything_is_put_back(proven: Proven) -> None:
    assert await proven.differences() == []
    assert await proven.event_faults() == []
    for service in ("registry", "notifications"):
        assert await proven.faults(service) == []
