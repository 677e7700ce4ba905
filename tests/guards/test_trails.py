"""Whoever can write to the audit trail or to the events, past every grant, is found out: edited, removed, reordered, cut off."""

from functools import partial

import pytest

from shared import audit, checkpoints
from shared.checkpoints import AUDIT, OUTBOX, Checkpoint
from tests.guards.tampering import METADATA, Proven, columns_of, in_both, owner, rewritten, tampered

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_both_trails_are_proven_before_anything_is_touched(proven: Proven) -> None:
    assert await proven.event_faults() == []
    for service in METADATA:
        assert await proven.faults(service) == []


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
            chain = checkpoints.GENESIS
            for one in await connection.fetch(
                "SELECT id, seq, mac FROM audit_entries WHERE seq IS NOT NULL ORDER BY seq"
            ):
                chain = checkpoints.chained(chain, one["mac"], one["seq"])
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
    assert found[0] == audit.Fault(row["seq"], f"event {row['seq']} is missing")
    # A checkpoint that was made at that very event misses it too.
    assert {fault.seq for fault in found} == {row["seq"]}


async def checkpoints_of(proven: Proven, service: str, trail: str) -> list[Checkpoint]:
    rows = await proven.world.rows(
        f"SELECT seq, chain, signature FROM {trail}_checkpoints ORDER BY seq", service=service
    )
    return [Checkpoint(trail, row["seq"], row["chain"], row["signature"]) for row in rows]


@pytest.mark.parametrize("name", columns_of("outbox_checkpoints"))
async def test_a_checkpoint_of_the_outbox(proven: Proven, name: str) -> None:
    at = (await checkpoints_of(proven, "registry", OUTBOX))[-1].seq
    async with tampered(proven.world, "registry", "outbox_checkpoints", name, "seq", at) as now:
        found = await proven.event_faults()
    assert [f.seq for f in found] == [now], found
    assert f"checkpoint {now}" in found[0].what


async def test_events_in_another_order(proven: Proven) -> None:
    """Both authentic, both numbered: only the signed chain tells which came first."""
    first = (await proven.middle("registry", "outbox"))["seq"]
    swap = (
        f"UPDATE outbox SET seq = -seq WHERE seq IN ({first}, {first + 1})",
        f"UPDATE outbox SET seq = {2 * first + 1} + seq WHERE seq < 0",
    )
    async with owner(proven.world, "registry") as connection:
        for statement in swap:
            await connection.execute(statement)
        try:
            found = await proven.event_faults()
        finally:
            for statement in swap:
                await connection.execute(statement)
    assert found and all("does not hold" in fault.what for fault in found)


CUT = pytest.mark.parametrize(
    ("service", "trail", "table"),
    [
        ("registry", AUDIT, "audit_entries"),
        ("notifications", AUDIT, "audit_entries"),
        ("registry", OUTBOX, "outbox"),
    ],
)


@CUT
async def test_a_trail_cut_off_together_with_its_checkpoints(
    proven: Proven, service: str, trail: str, table: str
) -> None:
    """Whole in itself; told by a number or a checkpoint that was kept elsewhere."""
    kept = await checkpoints_of(proven, service, trail)
    row = await proven.middle(service, table)
    faults = proven.event_faults if trail == OUTBOX else partial(proven.faults, service)
    assert await faults(witnesses=tuple(kept), at_least=kept[-1].seq) == []
    async with owner(proven.world, service) as connection:
        transaction = connection.transaction()
        await transaction.start()
        for one in (table, f"{trail}_checkpoints"):
            await connection.execute(f"CREATE TABLE kept_{one} AS SELECT * FROM {one}")
            await connection.execute(f"DELETE FROM {one} WHERE seq > {row['seq']}")
        await transaction.commit()
        try:
            assert await faults() == []
            by_number = await faults(at_least=kept[-1].seq)
            by_witness = await faults(witnesses=tuple(kept))
        finally:
            for one in (table, f"{trail}_checkpoints"):
                await connection.execute(
                    f"INSERT INTO {one} SELECT * FROM kept_{one} WHERE seq > {row['seq']}"
                )
                await connection.execute(f"DROP TABLE kept_{one}")
    assert {f.seq for f in by_number} == {kept[-1].seq}
    assert {f.seq for f in by_witness} == {one.seq for one in kept if one.seq > row["seq"]} != set()
    assert all("cut off" in f.what for f in (*by_number, *by_witness))


@CUT
async def test_a_witness_that_remembers_another_history(
    proven: Proven, service: str, trail: str, table: str
) -> None:
    (*_, last) = await checkpoints_of(proven, service, trail)
    other = Checkpoint(trail, last.seq, bytes(32), last.signature)
    faults = proven.event_faults if trail == OUTBOX else partial(proven.faults, service)
    (fault,) = await faults(witnesses=(other,))
    assert (fault.seq, "written anew" in fault.what) == (last.seq, True)


async def test_both_trails_are_proven_again_once_everything_is_put_back(proven: Proven) -> None:
    assert await proven.event_faults() == []
    for service in METADATA:
        assert await proven.faults(service) == []
