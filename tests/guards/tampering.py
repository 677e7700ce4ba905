"""Writing to the databases past every grant, and putting it back; and the verifiers who should find out.

A change is the least that a column's type allows.  Columns come from the tables' own metadata, so a new one is tried without
being named anywhere.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy import Column, Table

from services.matching import tables as matching_tables
from services.notifications import tables as notifications_tables
from services.registry import proving
from services.registry import tables as registry_tables
from services.registry.children import rebuilding
from services.registry.children.proving import Difference
from shared import audit, signatures, verification
from shared.database import SYSTEM
from shared.verification import Proof
from shared.vocabulary import Department
from tests.guards.story import HOME, World, tell

#: The services that keep an audit trail.
METADATA = {
    "registry": registry_tables.METADATA,
    "notifications": notifications_tables.METADATA,
}
EVERY = {**METADATA, "matching": matching_tables.METADATA}
#: Columns that nothing is derived from and nothing is bound to: when a row was written, the order of its events, and the
#: evidence that explains a link.
FREE: Mapping[str, set[str]] = {
    "children": {"child_seq", "told_seq", "folded_on", "registered_at", "changed_at"},
    "audit_checkpoints": {"at"},
    "outbox_checkpoints": {"at"},
    "signing_keys": {"created_at", "retires_at"},
    "entries": {"against", "levels", "weights", "crowded"},
    "persons": {"doubtful", "joined_to"},
    "link_changes": {"changed_at"},
}


def columns_of(table: str, service: str = "registry") -> list[str]:
    """All that anyone could edit: a generated column follows the others by itself."""
    found: Table = EVERY[service].tables[table]
    return [
        c.name for c in found.columns if c.computed is None and c.name not in FREE.get(table, ())
    ]


def in_both(table: str) -> list[tuple[str, str]]:
    """The columns of a table that both services have."""
    return [(service, name) for service in METADATA for name in columns_of(table, service)]


def column(table: str, name: str, service: str = "registry") -> Column[Any]:
    return EVERY[service].tables[table].columns[name]


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
    full = table if table in EVERY[service].tables else f"vault.{table}"
    async with owner(world, service) as connection:
        before = await connection.fetchval(f"SELECT {name} FROM {full} WHERE {key} = $1", at)
        python = column(full, name, service).type.python_type
        after = edited(before) if before is not None else _EMPTY[python]
        if name in ("seq", "link_seq"):
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

    def proof(self, service: str, **more: Any) -> Proof:
        hub = self.world.hub
        public = hub.home / "keys" / "public" / f"{service}-audit.pub"
        signer = signatures.public_key(public.read_text().strip())
        keys = hub.apps[service].state.settings.key_set(service, "audit")
        return Proof(keys, hub.name, signer, **more)

    async def faults(self, service: str, **more: Any) -> list[audit.Fault]:
        proof = self.proof(service, **more)
        async with self.world.hub.apps[service].state.database.transaction(SYSTEM) as session:
            return [fault async for fault in verification.audit_faults(session, proof)]

    async def event_faults(self, **more: Any) -> list[audit.Fault]:
        proof = self.proof("registry", **more)
        async with self.world.hub.apps["registry"].state.database.transaction(SYSTEM) as session:
            return [fault async for fault in verification.outbox_faults(session, proof)]

    async def row_faults(self) -> list[str]:
        """Of the rows that carry a MAC of their own, all that the verifier of the command line finds."""
        app = self.world.hub.apps["registry"]
        async with app.state.database.transaction(SYSTEM) as session:
            return [one async for one in proving.faults_of(session, app.state.kit.audit)]

    async def middle(self, service: str, table: str) -> Any:
        """A numbered row with rows before and after it."""
        rows = await self.world.rows(
            f"SELECT id, seq FROM {table} WHERE seq IS NOT NULL ORDER BY seq", service=service
        )
        assert len(rows) > 4
        return rows[len(rows) // 2]


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


async def prove(world: World) -> Proven:
    """Tell the story, number both trails and seal them."""
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
    (decision,) = await world.rows("SELECT id, child_id FROM decisions WHERE category <> ''")
    (act,) = await world.rows("SELECT id, case_id FROM case_acts")
    (kept,) = await world.rows("SELECT id, entry_id FROM compartment_acts")
    (placed,) = await world.rows("SELECT id, placement_id FROM placement_acts")
    (assessed,) = await world.rows("SELECT id FROM assessments")
    (taken_up,) = await world.rows("SELECT id, child_id FROM alert_acts")
    (handed,) = await world.rows("SELECT id, child_id FROM handover_acts")
    rows = {
        "handover_acts": handed["id"],
        "alert_acts": taken_up["id"],
        "compartment_entries": kept["entry_id"],
        "compartment_acts": kept["id"],
        "assessments": assessed["id"],
        "placements": placed["placement_id"],
        "placement_acts": placed["id"],
        "cases": act["case_id"],
        "case_acts": act["id"],
        "children": child,
        "records": record["id"],
        "decisions": decision["id"],
        "break_glass": UUID(opening["id"]),
    }
    about = dict.fromkeys(rows, child) | {
        "decisions": decision["child_id"],
        "case_acts": act["case_id"],
        "compartment_acts": kept["entry_id"],
        "placement_acts": placed["placement_id"],
        "alert_acts": taken_up["child_id"],
        "handover_acts": handed["child_id"],
    }
    return Proven(world, rows, about)
