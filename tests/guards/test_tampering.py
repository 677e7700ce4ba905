"""Whoever can write to the registry's tables, past every grant, is found out: the verifier names the row.

Every column of every table that it stands for is changed in turn and put back.
"""

import pytest

from services.matching import tables as matching_tables
from tests.guards.tampering import METADATA, Proven, columns_of, owner, tampered

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_all_is_proven_before_anything_is_touched(proven: Proven) -> None:
    assert await proven.differences() == []


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


async def test_all_is_proven_again_once_everything_is_put_back(proven: Proven) -> None:
    assert await proven.differences() == []
