"""Silence: no ordinary reader can tell a child in a compartment from one that is not.

Cast: the *keeper* writes to a compartment; *everyone else* reads whatever their departments can read at all.  Compared are
the bytes and headers of every answer, every row of every table from which answers are made, and the statements they run.
"""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.registry.children import rebuilding
from services.registry.compartments.terms import Compartment, CompartmentEntryAct
from services.registry.compartments.tracing import about
from services.registry.tables import METADATA
from shared import auth
from shared.vocabulary import Department
from tests.guards.explaining import recorded
from tests.guards.operations import Operation, operations_of
from tests.guards.shielding import media, variants
from tests.guards.story import WHY
from tests.registry.compartments import BAOTOU, KEPT, acted, keeper, living, opened
from tests.registry.conftest import Registry
from tests.registry.test_rules_of_the_day import going_by

#: What a compartment writes, and nobody else's answer is made of: its own rows and keys, the trail, keys of requests.
OWN = {"compartment_entries", "compartment_acts", "data_keys", "audit_entries", "idempotency_keys"}
#: Others grow by being read.
RESTLESS = {"used_assertions", "clients", "leases", "audit_checkpoints"}
EXPORTS = (
    "application/json",
    "application/x-ndjson",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
RESTLESS_HEADERS = {"hutong-request", "date"}
Glance = Mapping[tuple[str, str, str], tuple[int, tuple[tuple[str, str], ...], bytes]]


def reads(registry: Registry) -> list[Operation]:
    return [
        one
        for one in operations_of("registry", registry.app.openapi())
        if one.method == "get" and one.scopes and "/compartments/" not in one.path
    ]


async def everyone(registry: Registry, place: str) -> dict[str, httpx.AsyncClient]:
    """Each department, for a purpose for which it reads."""
    return {
        department: await registry(f"{department}:{place}", purpose=WHY[department])
        for department in Department
        if department != Department.SERVICE
    }


#: Sealed anew for each answer: of equal length or not is all that it can tell.
_CURSOR = re.compile(rb'"(?:next|position)":\s*"([^"]*)"')


def _length(found: re.Match[bytes]) -> bytes:
    return str(len(found[1])).encode()


async def glance(registry: Registry, place: str, child: UUID) -> Glance:
    """All that everybody can read of a child, and of the place's lists, beside compartments."""
    seen = {}
    care = await registry.system("SELECT id FROM key_care WHERE child_id = $1", child)
    ids = {"child_id": str(child), "entry_id": str(care[0]["id"])}
    for name, who in (await everyone(registry, place)).items():
        for one in reads(registry):
            for accept in EXPORTS if one.path == "/v1/key-care" else EXPORTS[:1]:
                auth._buckets.clear()
                reply = await who.request(**one.request(path=ids, headers={"Accept": accept}))
                headers = (p for p in reply.headers.items() if p[0] not in RESTLESS_HEADERS)
                seen[name, str(one), accept] = (
                    reply.status_code,
                    tuple(sorted(headers)),
                    _CURSOR.sub(_length, reply.content),
                )
    return seen


async def tables(registry: Registry) -> dict[str, list[Any]]:
    """Every row of every table that others' answers are made of."""
    names = [t.fullname for t in METADATA.sorted_tables if t.name not in OWN | RESTLESS]
    assert {"children", "outbox", "fold_queue", "key_care", "duties", "links"} <= set(names)
    return {
        name: sorted(
            str(tuple(row.values())) for row in await registry.system(f"SELECT * FROM {name}")
        )
        for name in names
    }


async def use(registry: Registry, compartment: str, child: UUID) -> str:
    """All that can happen in a compartment: opened, worked in, read, left, entered again."""
    who = await keeper(registry, compartment)
    path = await opened(registry, compartment, child)
    if compartment == "psychological_risk":
        await acted(who, path, "set_level", level="red")
    await acted(who, path, "follow_up", reason="followed_up")
    await who.get(f"/v1/compartments/{compartment}/entries")
    await who.get(f"/v1/compartments/{compartment}/children/{child}")
    if compartment != "psychological_risk":
        await acted(who, path, "close", reason="improved")
        await acted(who, path, "reopen", reason="worsened")
    return path


async def test_r57_no_answer_to_anybody_else_changes(registry: Registry) -> None:
    """Of a child in every compartment that the place has."""
    child = await living(registry, BAOTOU)
    await living(registry, BAOTOU)
    before = await glance(registry, BAOTOU, child)
    assert sum(status == 200 for status, *_ in before.values()) > 30
    for compartment, (place, *_) in KEPT.items():
        if place == BAOTOU:
            await use(registry, compartment, child)
    after = await glance(registry, BAOTOU, child)
    assert [key for key in before if before[key] != after[key]] == []


async def asked_besides(registry: Registry, place: str, child: UUID) -> Glance:
    """Every read that civil affairs have, with each filter, order and page size that it takes, and in each of its forms."""
    care = await registry.system("SELECT id FROM key_care WHERE child_id = $1", child)
    ids = {"child_id": str(child), "entry_id": str(care[0]["id"])}
    seen = {}
    who = await registry(f"civil_affairs:{place}", purpose=WHY[Department.CIVIL_AFFAIRS])
    for one in reads(registry):
        for query in ({}, *variants(one, registry.clock.now(), [child])):
            for accept in list(media(one))[: None if not query else 1]:
                auth._buckets.clear()
                headers = {"Accept": accept}
                reply = await who.request(**one.request(ids, headers=headers, query=query))
                told = (p for p in reply.headers.items() if p[0] not in RESTLESS_HEADERS)
                seen[one.path, str(query), accept] = (
                    reply.status_code,
                    tuple(sorted(told)),
                    _CURSOR.sub(_length, reply.content),
                )
    return seen


async def test_r57_no_filter_order_or_form_tells_who_is_in_a_compartment(
    registry: Registry,
) -> None:
    child = await living(registry, BAOTOU)
    await living(registry, BAOTOU)
    before = await asked_besides(registry, BAOTOU, child)
    answered = [key for key, (status, *_) in before.items() if status == 200]
    assert len(answered) > 100
    assert len({path for path, _, _ in answered}) > 20
    assert any(str(child) in query for _, query, _ in answered)
    for compartment, (place, *_) in KEPT.items():
        if place == BAOTOU:
            await use(registry, compartment, child)
    async with recorded(registry.database) as heard:
        after = await asked_besides(registry, BAOTOU, child)
    assert [key for key in before if before[key] != after[key]] == []
    assert [one.text for one in heard if "compartment_" in one.text] == []


@pytest.mark.parametrize("compartment", KEPT)
async def test_r57_no_row_changes_from_which_others_answers_are_made(
    registry: Registry, compartment: str
) -> None:
    """Neither the child's row, its version or number, nor any event, queue, duty or link."""
    child = await living(registry, KEPT[compartment][0])
    await keeper(registry, compartment)
    # As a worker does when it starts: otherwise the opening would keep them.
    await going_by(registry, registry.app.state.kit.profiles)
    rows = await tables(registry)
    await use(registry, compartment, child)
    assert await tables(registry) == rows


async def test_r57_no_answer_is_made_by_looking_into_a_compartment(registry: Registry) -> None:
    """So none takes longer for a child who is in one."""
    place = KEPT["psychological_risk"][0]
    child = await living(registry, place)
    await use(registry, "psychological_risk", child)
    async with recorded(registry.database) as heard:
        await glance(registry, place, child)
    assert len(heard) > 100
    assert [one.text for one in heard if "compartment_" in one.text] == []


@pytest.mark.parametrize("compartment", KEPT)
async def test_r57_an_auditor_of_the_child_finds_nothing_and_the_compartments_own_does(
    registry: Registry, compartment: str
) -> None:
    child = await living(registry, KEPT[compartment][0])
    path = await use(registry, compartment, child)
    trail = await registry.system(
        "SELECT operation, subjects, detail::text AS detail FROM audit_entries"
    )
    mine = [row for row in trail if row["operation"].startswith("compartments.")]
    told = " ".join(f"{row['operation']} {row['detail']}" for row in mine)
    assert len(mine) >= 5
    assert str(child) not in str([row["subjects"] for row in mine]) + told
    words = {compartment, *(act for act in CompartmentEntryAct if "_" in act), "lower"}
    assert not [word for word in words if word in told]
    assert about(registry.app.state.kit, Compartment(compartment), child) in told
    (key,) = await registry.system(
        "SELECT operation FROM idempotency_keys WHERE operation LIKE 'compartments.%'"
    )
    assert compartment not in key["operation"]
    who = await keeper(registry, compartment)
    uses = (await who.get(f"{path}/uses")).json()["uses"]
    assert {"compartments.open", "compartments.read", "compartments.act"} <= {
        one["operation"] for one in uses
    }


async def test_a_rebuild_agrees_and_the_verifier_proves_each_entry(registry: Registry) -> None:
    child = await living(registry, KEPT["psychological_risk"][0])
    await use(registry, "psychological_risk", child)
    kit = registry.app.state.kit
    assert [d async for d in rebuilding.verify(registry.database, kit)] == []
    await registry.system("UPDATE compartment_entries SET waiting_since = now()")
    named = [d.table async for d in rebuilding.verify(registry.database, kit)]
    assert named == ["compartment_entries"]
