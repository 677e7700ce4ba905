"""Rosters past the hub: what was changed, put back or taken away counts for nothing, and is named."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.registry import proving
from shared.database import SYSTEM, raw
from tests.registry.conftest import Registry
from tests.registry.key_care import link, push, survey, surveyed
from tests.registry.test_erasures import erase
from tests.registry.test_rosters import HOME, answered, digest, made, national, rows, states


async def test_a_row_that_was_changed_past_the_hub_counts_for_nothing(registry: Registry) -> None:
    await surveyed(registry)
    civil = await national(registry)
    roster = await made(civil, kind="national_system", division=HOME)
    (line,) = await rows(civil, roster)
    await registry.system("UPDATE roster_rows SET verdict = 'accepted'")
    (result,) = await answered(civil, roster, {"row": line["row"], "verdict": "refused"})
    assert result["outcome"] == "unknown"
    assert await faults(registry) == [f"roster_rows {line['row']} was forged or changed"]


async def test_what_was_once_true_of_a_row_is_not_put_back_past_the_hub(
    registry: Registry,
) -> None:
    """Nor is a row taken away: whoever serves may do neither, and a verifier finds what an administrator did."""
    await surveyed(registry, survey(), survey())
    civil = await national(registry)
    roster = await made(civil, kind="national_system", division=HOME)
    (first, *_) = await registry.system("SELECT * FROM roster_rows ORDER BY number")
    assert len(await rows(civil, roster)) == 2

    async def as_runtime(statement: str, *values: Any) -> str:
        async with registry.database.transaction(SYSTEM) as session:
            return str(await (await raw(session)).execute(statement, *values))

    restore = "UPDATE roster_rows SET taken_at = $2, mac = $3, generation = $4 WHERE id = $1"
    for number in (first["generation"], first["generation"] + 1):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await as_runtime(restore, first["id"], None, first["mac"], number)
    assert await as_runtime("DELETE FROM roster_rows") == "DELETE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await as_runtime("DELETE FROM roster_readings")
    assert await faults(registry) == []
    lacking = [f"rosters {roster['id']} lacks rows, and nobody on it was erased"]
    for which in ("min", "max"):  # a gap, or the end cut off
        kept = await registry.system(
            "DELETE FROM roster_rows WHERE number ="
            f" (SELECT {which}(number) FROM roster_rows) RETURNING *"
        )
        assert await faults(registry) == lacking
        names = list(kept[0].keys())
        await registry.system(
            f"INSERT INTO roster_rows ({', '.join(names)})"
            f" VALUES ({', '.join(f'${at}' for at in range(1, len(names) + 1))})",
            *kept[0].values(),
        )
    assert await faults(registry) == []
    # An erasure takes its own child's row along, and excuses no other's.
    await erase(registry, first["child_id"])
    assert await faults(registry) == []
    await registry.system("DELETE FROM roster_rows")
    assert await faults(registry) == lacking
    for table in ("roster_readings", "rosters"):
        await registry.system(f"DELETE FROM {table}")
    assert await faults(registry) == [f"rosters {roster['id']} was removed"]


async def test_an_entry_that_was_erased_with_another_child_took_nothing_past_the_hub(
    registry: Registry,
) -> None:
    """It was found to speak of that one after the roster was made, and took its row along."""
    here = f"civil_affairs:{HOME}"
    child, other = uuid4(), uuid4()
    records = await push(registry, here, "surveys", survey(), survey())
    await link(registry, records, [child, child])
    await made(await national(registry), kind="national_system", division=HOME)
    anchored = await registry.system(
        "SELECT r.id FROM roster_rows w JOIN records r ON r.entry_id = w.anchor"
    )
    await link(registry, [row["id"] for row in anchored], [other])
    assert await faults(registry) == []
    await erase(registry, other)
    assert await registry.system("SELECT id FROM roster_rows") == []
    assert await faults(registry) == []


async def faults(registry: Registry) -> list[str]:
    async with registry.database.transaction(SYSTEM) as session:
        keys = registry.app.state.kit.audit
        return [fault async for fault in proving.faults_of(session, keys)]


async def test_r10_a_child_marked_as_sent_past_the_hub_goes_out(registry: Registry) -> None:
    (child,) = await surveyed(registry)
    civil = await national(registry)
    await made(civil, kind="national_system", division=HOME)
    await registry.system(
        "UPDATE roster_rows SET taken_at = now(), verdict = 'accepted', answered_at = now()"
    )
    assert await states(civil) == {child: "never_sent"}
    assert (await made(civil, kind="national_system", division=HOME))["rows"] == 1


async def test_no_digest_of_a_roster_lies_open_in_the_database(registry: Registry) -> None:
    """A file of one line is guessed easily: its digest would prove the guess."""
    await surveyed(registry)
    civil = await national(registry)
    roster = await made(civil, kind="national_system", division=HOME)
    told = await digest(civil, roster)
    (row,) = await registry.system("SELECT * FROM roster_readings")
    assert bytes.fromhex(told) not in row["digest"]
    (seen,) = (await civil.get(f"/v1/rosters/{roster['id']}")).json()["readings"]
    assert seen["sha256"] == told
