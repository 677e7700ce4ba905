"""Whoever can write to the registry's tables, past every grant, is found out: the verifier names the row.

Every column of every table that it stands for is changed in turn and put back.
"""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from services.registry.changes.noting import Standing, Turn, note
from services.registry.changes.numbering import number_changes
from services.registry.records.authenticity import FORMER_LINKS
from shared.database import SYSTEM, raw
from tests.guards.tampering import EVERY, Proven, columns_of, owner, tampered

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_all_is_proven_before_anything_is_touched(proven: Proven) -> None:
    assert await proven.differences() == []
    assert await proven.row_faults() == []


SEALED = (
    "records",
    "children",
    "decisions",
    "break_glass",
    "cases",
    "case_acts",
    "compartment_entries",
    "compartment_acts",
    "assessments",
    "placements",
    "placement_acts",
    "alert_acts",
    "handover_acts",
)
#: Those of the other services, each proven by a module of its own beside this one.
ELSEWHERE = {"notifications signing_keys", "matching entries", "matching persons"}


async def test_every_sealed_row_is_stood_for_by_a_verifier() -> None:
    sealed = {
        f"{service} {table.name}"
        for service, metadata in EVERY.items()
        for table in metadata.tables.values()
        if {"sealed", "note"} & set(table.columns.keys())
    }
    assert sealed == {f"registry {table}" for table in SEALED} | ELSEWHERE


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
    async with tampered(proven.world, "registry", "key_care", name, "id", row["id"]) as now:
        found = await proven.differences()
        (held,) = await proven.world.rows("SELECT child_id FROM key_care WHERE id = $1", now)
    assert {(d.table, d.id) for d in found} == {
        ("key_care", proven.child),
        ("key_care", held["child_id"]),
    }


@pytest.mark.parametrize("name", columns_of("handovers"))
async def test_a_row_of_handovers(proven: Proven, name: str) -> None:
    """Which counties see it, and what it is, must be as people's acts say."""
    (row,) = await proven.world.rows("SELECT id, child_id FROM handovers")
    async with tampered(proven.world, "registry", "handovers", name, "id", row["id"]):
        found = await proven.differences()
    assert {(d.table, d.id) for d in found} == {("handovers", row["child_id"])}


async def test_a_look_up_hash(proven: Proven) -> None:
    (row, *_) = await proven.world.rows(
        "SELECT hash FROM child_lookups l WHERE child_id = $1"
        " AND 1 = (SELECT count(*) FROM child_lookups o WHERE o.hash = l.hash)",
        proven.child,
    )
    async with tampered(proven.world, "registry", "child_lookups", "hash", "hash", row["hash"]):
        found = await proven.differences()
    assert {(d.table, d.id) for d in found} == {("child_lookups", proven.child)}


@pytest.mark.parametrize("name", columns_of("clients"))
async def test_a_grant(proven: Proven, name: str) -> None:
    (row,) = await proven.world.rows("SELECT id FROM clients WHERE id LIKE 'police-%' LIMIT 1")
    async with tampered(proven.world, "registry", "clients", name, "id", row["id"]) as now:
        found = await proven.row_faults()
    assert found and all(f"client {one} " in " ".join(found) for one in {now, row["id"]}), found


async def test_a_grant_that_was_removed(proven: Proven) -> None:
    async with owner(proven.world, "registry") as connection:
        kept = await connection.fetchrow("SELECT * FROM clients WHERE id LIKE 'police-%' LIMIT 1")
        await connection.execute("DELETE FROM clients WHERE id = $1", kept["id"])
        try:
            found = await proven.row_faults()
        finally:
            places = ", ".join(f"${i + 1}" for i in range(len(kept)))
            await connection.execute(f"INSERT INTO clients VALUES ({places})", *kept.values())
    assert found == [f"client {kept['id']} was removed"]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def change(proven: Proven) -> UUID:
    """A change that concerns one county alone, of a child that left it."""
    app = proven.world.hub.apps["registry"]
    turn = Turn(Standing(uuid4(), 500103000000, ["police"], None, []), None)
    async with app.state.database.transaction(SYSTEM) as session:
        await note(await raw(session), app.state.kit.audit, [turn], datetime.now(UTC))
    async with app.state.database.transaction(SYSTEM) as session:
        await number_changes(session, app.state.kit.audit)
    (row,) = await proven.world.rows(
        "SELECT id FROM child_changes WHERE child_id = $1 AND position IS NOT NULL",
        turn.before.child if turn.before else None,
    )
    found: UUID = row["id"]
    return found


@pytest.mark.parametrize("name", columns_of("child_changes"))
async def test_a_change_of_the_feed(proven: Proven, change: UUID, name: str) -> None:
    async with tampered(proven.world, "registry", "child_changes", name, "id", change) as now:
        found = await proven.row_faults()
    assert any(one.startswith(f"change {now} ") for one in found), found


@pytest.mark.parametrize("order", ["ASC", "DESC"])
async def test_a_change_that_was_taken_away(proven: Proven, order: str) -> None:
    """The first leaves a gap, unless a child hears nothing else; the last leaves a child that stands otherwise."""
    rows = await proven.world.rows(
        "SELECT * FROM child_changes WHERE id = (SELECT id FROM child_changes WHERE stated_now IS NOT NULL"
        f" AND position > 1 ORDER BY position {order} LIMIT 1)"
    )
    async with owner(proven.world, "registry") as connection:
        await connection.execute("DELETE FROM child_changes WHERE id = $1", rows[0]["id"])
        try:
            found = await proven.row_faults()
        finally:
            places = ", ".join(f"${i + 1}" for i in range(len(rows[0])))
            await connection.executemany(
                f"INSERT INTO child_changes ({', '.join(rows[0].keys())}) VALUES ({places})",
                [tuple(row.values()) for row in rows],
            )
    about = f"child {rows[0]['child_id']} "
    assert found and all("taken away" in one or one.startswith(about) for one in found), found


@pytest.mark.parametrize("name", columns_of("survey_rounds"))
async def test_a_survey_round(proven: Proven, name: str) -> None:
    (row,) = await proven.world.rows("SELECT id FROM survey_rounds")
    async with tampered(proven.world, "registry", "survey_rounds", name, "id", row["id"]) as now:
        assert await proven.row_faults() == [f"survey round {now} was forged or changed"]


@pytest.mark.parametrize("name", columns_of("former_links"))
async def test_whom_an_entry_was_held_to_speak_of(proven: Proven, name: str) -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    row = {"entry_id": uuid4(), "link_seq": 1, "person": uuid4(), "taken_at": at, "replaced_at": at}
    told = FORMER_LINKS.mac(proven.world.hub.apps["registry"].state.kit.audit, row)
    async with owner(proven.world, "registry") as connection:
        await connection.execute(
            f"INSERT INTO former_links ({', '.join(row)}, mac) VALUES ($1, $2, $3, $4, $5, $6)",
            *row.values(),
            told,
        )
        assert await proven.row_faults() == []
        entry = row["entry_id"]
        try:
            async with tampered(
                proven.world, "registry", "former_links", name, "entry_id", entry
            ) as now:
                (found,) = await proven.row_faults()
        finally:
            await connection.execute("DELETE FROM former_links WHERE entry_id = $1", entry)
    assert found.startswith(f"former link {now} ")


@pytest.mark.parametrize("name", columns_of("erasures"))
async def test_an_erasure(proven: Proven, name: str) -> None:
    (row,) = await proven.world.rows("SELECT id FROM erasures")
    async with tampered(proven.world, "registry", "erasures", name, "id", row["id"]) as now:
        assert await proven.row_faults() == [f"erasure {now} was forged or changed"]
    assert await proven.row_faults() == []


async def test_an_entry_slipped_into_an_erasure(proven: Proven) -> None:
    """It would pass off a destroyed key as erased."""
    (row,) = await proven.world.rows("SELECT id, hold FROM erasures")
    for hold in (row["hold"], not row["hold"]):
        async with owner(proven.world, "registry") as connection:
            await connection.execute(
                "INSERT INTO erased_entries (entry_id, erasure_id, hold) VALUES ($1, $2, $3)",
                proven.rows["records"],
                row["id"],
                hold,
            )
            try:
                found = await proven.row_faults()
            finally:
                await connection.execute("DELETE FROM erased_entries")
        assert found == [f"erasure {row['id']} was forged or changed"]


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


async def test_all_is_proven_again_once_everything_is_put_back(proven: Proven) -> None:
    assert await proven.differences() == []
    assert await proven.row_faults() == []
